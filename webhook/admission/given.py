"""What new pods of a template are given beside what Kubernetes adds to them.

The template remembers it as it was when the template was filled in, in the words of
mcpServerDefaults, so that a changed setting reaches only new or restarted workloads. It is a memory
like the rest of `injected`: a user who can write a template can write the values too.
"""

from typing import Any

from pydantic import Field, ValidationError

from webhook.settings import Labels, LocalObjectReference, Resources, Section, Settings, Toleration


class PodDefaults(Section):
    """The part of mcpServerDefaults that pods are given at their creation."""

    tolerations: list[Toleration] | None = None
    node_selector: Labels | None = None
    image_pull_secrets: list[LocalObjectReference] | None = None
    resources: Resources = Field(default_factory=Resources)

    def instead_of_defaults(self, settings: Settings) -> Settings:
        """The settings by which rules fill in a pod with this, and with no other default.

        Whether tolerations of the author's own rule it out was decided for the template: what
        stands on a pod may be Kubernetes' own.
        """
        defaults = settings.mcp_server_defaults.model_copy(
            update={
                "affinity": None,
                "tolerations": self._tolerations(settings),
                "node_selector": self.node_selector,
                "image_pull_secrets": self.image_pull_secrets,
                "resources": self.resources,
                "per_server": "forbid",
            }
        )
        return settings.model_copy(update={"mcp_server_defaults": defaults})

    def _tolerations(self, settings: Settings) -> list[Toleration] | None:
        """Without those that the fleet had once and that are refused now."""
        if settings.conflict_action("tolerations") in {"warn", "off"}:
            return self.tolerations
        fleet = settings.mcp_server_defaults.tolerations or ()
        return self.tolerations and [each for each in self.tolerations if each.key or each in fleet]


NOTHING = PodDefaults()


def beside_others(settings: Settings) -> Settings:
    """The settings by which a pod is given the fleet's tolerations whatever others it has."""
    defaults = settings.mcp_server_defaults.model_copy(update={"per_server": "forbid"})
    return settings.model_copy(update={"mcp_server_defaults": defaults})


def settings_of_pods(remembered: PodDefaults, settings: Settings) -> Settings:
    """The same as `instead_of_defaults`, kept for what was remembered last.

    Both are known by identity: to compare them would cost more. Holding what was remembered keeps
    its identity from being used again.
    """
    kept: dict[int, tuple[PodDefaults, Settings]] = settings.kept.setdefault("pods", {})
    found = kept.get(id(remembered))
    if found is None:
        if len(kept) == _MOST:
            del kept[next(iter(kept))]
        found = kept[id(remembered)] = remembered, remembered.instead_of_defaults(settings)
    return found[1]


_MOST = 8  # of one namespace that differs, or of all others together


def read_pod_defaults(data: Any) -> PodDefaults | None:
    """What a template remembers, or None where it is nothing that the settings could say."""
    if data == {}:
        return NOTHING
    try:
        return PodDefaults.model_validate(data)
    except ValidationError:
        return None
