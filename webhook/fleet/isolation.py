"""What is told of the NetworkPolicies around a server: those of ours, and wide ones of users."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from webhook import names
from webhook.admission.drift import OUT_OF_DATE, UNPROTECTED
from webhook.controller.owned.owned_objects import POLICY
from webhook.fleet.policies.wide_policies import wide_policies
from webhook.fleet.report import Told
from webhook.objects.network_policy_baseline import NAME as BASELINE

Json = dict[str, Any]
KEPT = ("name", "namespace", "labels")


class Policies:
    """NetworkPolicies as text: most of ten thousand are looked at once, for their server."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}
        self._about: dict[tuple[str, str], list[str]] = {}

    def take(self, found: Json) -> None:
        """Take one in, as the API server has it."""
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


def isolation(
    namespace: str, labels: Mapping[str, str], wanted: Sequence[Json], policies: Policies
) -> Iterator[Told]:
    """What pods of these labels lack of the policies made for them, and what undoes those."""
    contents = {each["metadata"]["name"]: POLICY.content(each) for each in wanted}
    for name, content in contents.items():
        live = policies.get(namespace, name)
        state = UNPROTECTED if name == BASELINE else OUT_OF_DATE
        if live is None:
            yield Told(state, "policy-missing", _sentence(name, "is not there"))
        elif POLICY.content(live) != content:
            yield Told(state, "policy-changed", _sentence(name, "is not as it is made"))
    others = [
        each
        for each in policies.around(namespace, labels)
        if contents.get(each["metadata"]["name"]) != POLICY.content(each)
    ]
    for wide in wide_policies(others, wanted, labels) if others else ():
        yield Told(UNPROTECTED, "wide-policy", wide.sentence)


def _sentence(name: str, what: str) -> str:
    return f"NetworkPolicy {name} {what}: see that `mcp-admission control` runs, with its rights"
