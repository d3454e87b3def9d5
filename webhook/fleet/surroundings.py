"""The findings around a server: its namespace, the NetworkPolicies there, the registrations.

A server is isolated by our policies, and by no policy of a user that opens more than ours.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from webhook import names
from webhook.admission import OUT_OF_DATE, UNPROTECTED, Scope, Workload
from webhook.controller.installation import NamespaceRules, is_managed
from webhook.controller.owned import POLICY, SecurityLabels, security_labels
from webhook.fleet.policies.wide_policies import wide_policies
from webhook.fleet.report import ServerFinding
from webhook.fleet.workloads import server_workload
from webhook.objects import BASELINE, made
from webhook.settings import Level, SettingsByNamespace

Json = dict[str, Any]
KEPT = ("name", "namespace", "labels")
EFFECTS = {
    "MutatingWebhookConfiguration": "nothing is filled in",
    "ValidatingWebhookConfiguration": "nothing is refused",
}
"""What a missing configuration means."""
NOT_RECORDED = "what enforce would do is not recorded"


class Surroundings:
    """The namespaces of a fleet; `policies` is None where they may not be read."""

    def __init__(self, settings: SettingsByNamespace, release_namespace: str) -> None:
        self._settings, self._release = settings, release_namespace
        self._rules = NamespaceRules(settings.cluster, release_namespace)
        self._labels: dict[str, dict[str, str]] = {}
        self._security: dict[str, SecurityLabels] = {}
        self._wanted: dict[str, tuple[Json, ...]] = {}
        self.policies: Policies | None = None
        # Outside the namespaces that an installation is kept to there is none of its servers.
        self.kept_to: frozenset[str] = frozenset()

    def add_namespace(self, namespace: Json) -> None:
        """Add a namespace as the API server has it."""
        metadata = namespace["metadata"]
        self._labels[metadata["name"]] = metadata.get("labels") or {}
        self._security[metadata["name"]] = security_labels(namespace)

    def knows(self, namespace: str) -> bool:
        """Whether it was added."""
        return namespace in self._labels

    def scope(self, namespace: str) -> Scope:
        """Which of its workloads are servers."""
        managed = is_managed(self._labels.get(namespace, {}))
        return self._rules.scope(namespace, managed=managed)

    def level(self, namespace: str, *, enforced: bool) -> Level | None:
        """The Pod Security level by which pods are refused there; None where it is not known.

        A managed namespace gets the one of the settings, where it is enforced.
        """
        found = self._security.get(namespace)
        if found is None:
            return None
        wanted = self._settings.of(namespace).mcp_namespace.pod_security
        gets = enforced and wanted.enabled and self.scope(namespace) is Scope.MANAGED
        return max(found.enforced, wanted.level) if gets else found.enforced

    def namespaces(self) -> list[str]:
        """All that were added."""
        return list(self._labels)

    def managed_namespaces(self) -> list[str]:
        """The namespaces in which everything is a server."""
        managed = (each for each in self._labels if self.scope(each) is Scope.MANAGED)
        return [each for each in managed if self._is_kept(each)]

    def excluded(self, namespace: str) -> bool:
        """Whether nothing in it is reviewed."""
        return self._rules.leaves_alone(namespace)

    def server(self, found: Json, resource: str) -> Workload | None:
        """The object as a workload where it is a server, by the label or by its namespace."""
        namespace = found["metadata"]["namespace"]
        if not self._is_kept(namespace):
            return None
        settings, scope = self._settings.of(namespace), self.scope(namespace)
        return server_workload(found, resource, settings, scope)

    def findings(
        self, namespace: str, labels: Mapping[str, str], own: Sequence[Json] = ()
    ) -> Iterator[ServerFinding]:
        """The findings around pods of these labels; `own` are policies made for their server."""
        policies = list(own)
        for wanted in self._of(namespace):
            if wanted["kind"] == "Namespace":
                yield from self._label_findings(namespace, wanted["metadata"]["labels"])
            else:
                policies.append(wanted)
        if self.policies is not None:
            yield from isolation_findings(namespace, labels, policies, self.policies)

    def _is_kept(self, namespace: str) -> bool:
        return not self.kept_to or namespace in self.kept_to

    def _of(self, namespace: str) -> tuple[Json, ...]:
        if namespace not in self._wanted:
            self._wanted[namespace] = made.namespace_objects(
                namespace, self._settings.of(namespace), self._release, self.scope(namespace)
            )
        return self._wanted[namespace]

    def _label_findings(self, namespace: str, wanted: Mapping[str, str]) -> Iterator[ServerFinding]:
        found = self._security.get(namespace)
        # What others ask for as much or more is theirs, and no contradiction.
        ours = found.to_apply(wanted) if found else wanted
        there = found.there if found else {}
        lacking = sorted(key for key, value in ours.items() if there.get(key) != value)
        if lacking:
            sentence = (
                f"the namespace lacks or contradicts {', '.join(lacking)}: check that "
                "`mcp-admission control` runs with its permissions"
            )
            yield ServerFinding(UNPROTECTED, "namespace-labels", sentence)


class Policies:
    """NetworkPolicies as text: most of ten thousand are read once, for their server."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}
        self._about: dict[tuple[str, str], list[str]] = {}

    def add(self, found: Json) -> None:
        """Add one as the API server has it."""
        metadata = found["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        if (namespace, name) in self._texts:
            return
        kept = {key: metadata[key] for key in KEPT if key in metadata}
        self._texts[namespace, name] = json.dumps({"metadata": kept, "spec": found["spec"]})
        selector = found["spec"].get("podSelector") or {}
        server = (selector.get("matchLabels") or {}).get(names.NAME, "")
        self._about.setdefault((namespace, server), []).append(name)

    def get(self, namespace: str, name: str) -> Json | None:
        """The one of this name."""
        text = self._texts.get((namespace, name))
        return None if text is None else _read(text)

    def around(self, namespace: str, labels: Mapping[str, str]) -> Iterator[Json]:
        """All that may select a pod of these labels."""
        for server in dict.fromkeys(("", labels.get(names.NAME, ""))):
            for name in self._about.get((namespace, server), ()):
                yield _read(self._texts[namespace, name])


@lru_cache(maxsize=256)
def _read(text: str) -> Json:
    found: Json = json.loads(text)
    return found


def isolation_findings(
    namespace: str, labels: Mapping[str, str], wanted: Sequence[Json], policies: Policies
) -> Iterator[ServerFinding]:
    """The policies that pods of these labels lack, and the policies that undo theirs."""
    contents = {each["metadata"]["name"]: POLICY.content(each) for each in wanted}
    for name, content in contents.items():
        live = policies.get(namespace, name)
        state = UNPROTECTED if name == BASELINE else OUT_OF_DATE
        if live is None:
            yield ServerFinding(state, "policy-missing", _sentence(name, "is missing"))
        elif POLICY.content(live) != content:
            yield ServerFinding(
                state, "policy-changed", _sentence(name, "has other content than ours")
            )
    others = [
        each
        for each in policies.around(namespace, labels)
        if contents.get(each["metadata"]["name"]) != POLICY.content(each)
    ]
    for wide in wide_policies(others, wanted, labels) if others else ():
        yield ServerFinding(UNPROTECTED, "wide-policy", wide.sentence)


def _sentence(name: str, what: str) -> str:
    return f"NetworkPolicy {name} {what}: check that `mcp-admission control` runs with its rights"


def not_registered(kind: str, name: str, *, enforced: bool = True) -> ServerFinding:
    """The finding of every server while a webhook configuration is missing."""
    sentence = (
        f"{kind} {name} is missing, so that {EFFECTS[kind] if enforced else NOT_RECORDED}: "
        "`helm upgrade`, or `kubectl apply` of the manifests, creates it again"
    )
    return ServerFinding(UNPROTECTED, "not-registered", sentence)
