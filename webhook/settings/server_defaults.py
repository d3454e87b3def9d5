"""What servers get that they do not set, and the most that they can ask for.

A mistake in tolerations or affinity would be found when the first server is filled in with it.
Its author, who has not written it, would be refused. Affinity has the keys that Kubernetes has.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from webhook.settings.values import (
    ACCEPTED,
    LABEL_KEY,
    LABEL_VALUE,
    DnsSubdomain,
    Labels,
    LabelSelector,
    Quantities,
    Section,
    SomeText,
    Value,
    verbatim,
)

DEFAULT_IMAGE = "ghcr.io/obot-platform/mcp-images/phat:main"
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_REQUIRED = "What a node has to have for the pod to be placed on it."
_PREFERRED = "What is preferred in a node, by weight."


class Toleration(Value):
    """A pod's toleration of a taint."""

    key: str | None = Field(None, description="The key of the taint; empty stands for all.")
    operator: Literal["Equal", "Exists", "Lt", "Gt"] | None = Field(
        None, description="How the taint's value is compared; Equal where it is not set."
    )
    value: str | None = Field(None, description="The value that the taint's is compared with.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="The effect of the taint; all where it is not set."
    )
    toleration_seconds: int | None = Field(
        None, description="For how long a taint NoExecute is tolerated; for ever if not set."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        key, value = self.key, self.value
        if key and not re.fullmatch(LABEL_KEY, key):
            raise ValueError(f'the key "{key:.60}" is no label key: write {ACCEPTED[LABEL_KEY]}')
        if not key and self.operator != "Exists":
            raise ValueError("without a key, operator has to be Exists: write one of them")
        _check_value(self.operator, value)
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError(
                "tolerationSeconds is for effect NoExecute alone: write it, or no seconds"
            )
        return self


def _check_value(operator: str | None, value: str | None) -> None:
    if operator == "Exists" and value:
        raise ValueError("operator Exists takes no value: take it out, or write operator: Equal")
    if operator in {"Lt", "Gt"} and not _WHOLE_NUMBER.fullmatch(value or ""):
        raise ValueError(f"operator {operator} compares whole numbers: write one as value, quoted")
    if operator in {None, "Equal"} and value and not re.fullmatch(LABEL_VALUE, value):
        raise ValueError(f'the value "{value:.60}" is no label value: {ACCEPTED[LABEL_VALUE]}')


@verbatim
class _NodeRequirement(TypedDict, total=False):
    """A condition on one label or field of a node."""

    key: Annotated[str, Field(description="The label or field.")]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
        Field(description="How it is compared with the values."),
    ]
    values: Annotated[list[str], Field(description="The values; Gt and Lt compare with one.")]


@verbatim
class _NodeTerm(TypedDict, total=False):
    """Conditions on a node, all of which have to hold."""

    matchExpressions: Annotated[list[_NodeRequirement], Field(description="Those on labels.")]
    matchFields: Annotated[list[_NodeRequirement], Field(description="Those on fields.")]


@verbatim
class _NodeSelector(TypedDict, total=False):
    """Terms of which one has to hold."""

    nodeSelectorTerms: Annotated[list[_NodeTerm], Field(description="The terms.")]


@verbatim
class _WeightedNodeTerm(TypedDict, total=False):
    """A term, and how much it counts."""

    weight: Annotated[int, Field(description="What a node that fits gains, from 1 to 100.")]
    preference: Annotated[_NodeTerm, Field(description="The term.")]


@verbatim
class _NodeAffinity(TypedDict, total=False):
    """Which nodes a pod is placed on."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[
        _NodeSelector, Field(description=_REQUIRED)
    ]
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        list[_WeightedNodeTerm], Field(description=_PREFERRED)
    ]


@verbatim
class _PodTerm(TypedDict, total=False):
    """Pods, and the domain of nodes that counts as beside them."""

    labelSelector: Annotated[LabelSelector, Field(description="The pods.")]
    namespaceSelector: Annotated[LabelSelector, Field(description="The namespaces of the pods.")]
    namespaces: Annotated[list[str], Field(description="More namespaces of the pods, by name.")]
    topologyKey: Annotated[str, Field(description="The label of nodes that names the domain.")]
    matchLabelKeys: Annotated[
        list[str], Field(description="Labels in which the pods are like the one that is placed.")
    ]
    mismatchLabelKeys: Annotated[
        list[str], Field(description="Labels in which they are unlike the one that is placed.")
    ]


@verbatim
class _WeightedPodTerm(TypedDict, total=False):
    """A term, and how much it counts."""

    weight: Annotated[int, Field(description="What a node that fits gains, from 1 to 100.")]
    podAffinityTerm: Annotated[_PodTerm, Field(description="The term.")]


@verbatim
class _PodAffinity(TypedDict, total=False):
    """Which pods a pod is placed beside, or apart from."""

    requiredDuringSchedulingIgnoredDuringExecution: Annotated[
        list[_PodTerm], Field(description=_REQUIRED)
    ]
    preferredDuringSchedulingIgnoredDuringExecution: Annotated[
        list[_WeightedPodTerm], Field(description=_PREFERRED)
    ]


class Affinity(Value):
    """A pod's affinity, handed through as it is."""

    node_affinity: _NodeAffinity | None = Field(None, description="Nodes to be placed on.")
    pod_affinity: _PodAffinity | None = Field(None, description="Pods to be placed beside.")
    pod_anti_affinity: _PodAffinity | None = Field(
        None, description="Pods to be placed apart from."
    )


class Resources(Value):
    """Requests and limits of a container, by resource name."""

    requests: Quantities = Field(
        default_factory=dict, description="What the node sets aside, by resource name."
    )
    limits: Quantities = Field(
        default_factory=dict, description="What the container may use at most, by resource name."
    )


class LocalObjectReference(Value):
    """The name of a Secret in the pod's own namespace."""

    name: DnsSubdomain = Field(description="The name of the Secret.")


class MCPServerDefaults(Section):
    """What servers get that they do not set."""

    affinity: Affinity | None = Field(None, description="The affinity of servers that set none.")
    tolerations: list[Toleration] | None = Field(
        None, description="The tolerations of servers that set none."
    )
    node_selector: Labels | None = Field(
        None, description="The node selector of servers; each key is added to servers that lack it."
    )
    image_pull_secrets: list[LocalObjectReference] | None = Field(
        None,
        description=(
            "Secrets with registry credentials in the server's own namespace; each is added to "
            "servers that lack it."
        ),
    )
    runtime_class_name: DnsSubdomain | None = Field(
        None, description="The RuntimeClass of every server; a server with another one is refused."
    )
    resources: Resources = Field(
        Resources(requests={"memory": "400Mi"}),
        description=(
            "Requests and limits of the server container; one value that is replaced as a whole."
        ),
    )
    image: SomeText = Field(
        DEFAULT_IMAGE, description="The image of a server container that sets none."
    )
    per_server: Literal["allow", "forbid"] = Field(
        "allow",
        description=(
            "Whether a server can set its own affinity, tolerations and resources; forbid "
            "replaces them by these."
        ),
    )


class MCPServerMaximums(Section):
    """Maximum requests and limits of a container."""

    requests: Quantities = Field(
        default_factory=dict, description="Maximum requests by resource name; more is refused."
    )
    limits: Quantities = Field(
        default_factory=dict,
        description=(
            "Maximum limits by resource name; more is refused. A container without a limit of "
            "cpu, memory or ephemeral-storage gets the maximum."
        ),
    )
