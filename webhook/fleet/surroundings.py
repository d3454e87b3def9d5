"""What is around a server: its namespace, and the NetworkPolicies there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webhook.admission.drift import UNPROTECTED
from webhook.controller.installation import NamespaceRules
from webhook.fleet.isolation import Policies, isolation
from webhook.fleet.report import Told
from webhook.objects import made
from webhook.settings.model import Settings

Json = dict[str, Any]


class Surroundings:
    """The namespaces of an audit; `policies` is None where they may not be looked at."""

    def __init__(self, settings: Settings, release_namespace: str) -> None:
        self._settings, self._release = settings, release_namespace
        self._rules = NamespaceRules(settings, release_namespace)
        self._labels: dict[str, dict[str, str]] = {}
        self._wanted: dict[str, tuple[Json, ...]] = {}
        self.policies: Policies | None = None

    def take(self, namespace: Json) -> None:
        """Take a namespace in, as the API server has it."""
        metadata = namespace["metadata"]
        self._labels[metadata["name"]] = metadata.get("labels") or {}

    def knows(self, namespace: str) -> bool:
        """Whether it was taken in."""
        return namespace in self._labels

    def managed(self, namespace: str) -> bool:
        """Whether everything in it is a server."""
        return self._rules.manages(namespace, self._labels.get(namespace, {}))

    def managed_ones(self) -> list[str]:
        """The namespaces in which everything is a server."""
        return [namespace for namespace in self._labels if self.managed(namespace)]

    def excluded(self, namespace: str) -> bool:
        """Whether nothing in it is reviewed."""
        return self._rules.leaves_alone(namespace)

    def told(
        self, namespace: str, labels: Mapping[str, str], own: Sequence[Json] = ()
    ) -> Iterator[Told]:
        """What is wrong around pods of these labels; `own` are policies made for their server."""
        policies = list(own)
        for wanted in self._of(namespace):
            if wanted["kind"] == "Namespace":
                yield from self._labels_told(namespace, wanted["metadata"]["labels"])
            else:
                policies.append(wanted)
        if self.policies is not None:
            yield from isolation(namespace, labels, policies, self.policies)

    def _of(self, namespace: str) -> tuple[Json, ...]:
        if namespace not in self._wanted:
            managed = self.managed(namespace)
            given = namespace, self._settings, self._release
            self._wanted[namespace] = made.of_namespace(*given, managed=managed)
        return self._wanted[namespace]

    def _labels_told(self, namespace: str, wanted: Mapping[str, str]) -> Iterator[Told]:
        live = self._labels.get(namespace, {})
        lacking = sorted(key for key, value in wanted.items() if live.get(key) != value)
        if lacking:
            sentence = (
                f"the namespace lacks or contradicts {', '.join(lacking)}: see that "
                "`mcp-admission control` runs, with its rights"
            )
            yield Told(UNPROTECTED, "namespace-labels", sentence)
