"""A pod, or the template of one, as rules see it: every container list, in one place.

Kubernetes visits init containers, containers and ephemeral containers alike; so do the rules.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from webhook import names
from webhook.pods import server_choice
from webhook.pods.fields import Fields, Violation

LONGEST_VALUE = 16 * 1024
EPHEMERAL = "ephemeralContainers"
CONTAINER_LISTS = ("initContainers", "containers", EPHEMERAL)
_LIMIT_RANGER = "kubernetes.io/limit-ranger"
_SAID = "LimitRanger plugin set: "
_LIMITED = {"containers": "container", "initContainers": "init container"}


@dataclass(slots=True)
class Origin:
    """What a pod cannot tell by itself about where it comes from.

    `kind` is the kind of the object under review, `owner` the kind of the controller that made
    a pod, `name` the name of the workload, of the pod's owner or of the bare pod. `annotations`
    are those of the workload and of its template, `disagreeing` the keys that have one value in
    one and another in the other. `beside` are those of a workload whose pods have the annotations
    of its template alone, which is every one but a Deployment. `server` finds the container of a
    pod that was the server when the pod or its template was filled in, empty where that is not
    known; it is called where there are several. `deployed` marks a new pod of a Deployment whose
    template is not filled in: it gets what the template would.
    """

    namespace: str = ""
    name: str = ""
    kind: str = "Pod"
    owner: str = ""
    annotations: tuple[Fields, ...] = ()
    disagreeing: tuple[str, ...] = ()
    beside: Fields | None = None
    managed: bool = False
    creating: bool = True
    deployed: bool = False
    server: Callable[[], str] = str

    @property
    def template(self) -> bool:
        """Whether this is the template of a workload, not a pod."""
        return self.kind != "Pod"

    @property
    def new_pod(self) -> bool:
        """Whether this is a pod that is being created, which Kubernetes has filled in before."""
        return self.creating and not self.template

    @property
    def takes_fleet_defaults(self) -> bool:
        """Whether the fleet's scheduling and resources may replace the workload's own."""
        return self.of_deployment or (self.kind == "Pod" and not self.owner)

    @property
    def of_deployment(self) -> bool:
        """Whether this gets what only Deployments ask for, in its template or in its pods."""
        return self.deployed or self.kind == "Deployment"

    def annotation(self, key: str) -> str | None:
        """The value of one of the product's annotations on the workload or its template."""
        for place in self.annotations:
            value = place.get(key)
            if isinstance(value, str):
                return None if self.too_long(value) else value
        return None

    @staticmethod
    def too_long(value: object) -> bool:
        """Whether an annotation says more than is read; the rule for annotations refuses it."""
        return isinstance(value, str) and len(value) > LONGEST_VALUE

    def annotation_list(self, key: str) -> list[str]:
        """The entries of a comma-separated annotation; an absent one has none."""
        value = self.annotation(key)
        return [entry.strip() for entry in value.split(",") if entry.strip()] if value else []


class Platform(NamedTuple):
    """What of the pod decides which fields its containers may have.

    On `windows` the API refuses Linux security fields; in a `user_namespace` UID 0 has no
    rights on the node.
    """

    windows: bool
    user_namespace: bool


class Container:
    """One container of any list."""

    __slots__ = ("fields", "platform", "security_context")

    def __init__(self, fields: Fields, platform: Platform) -> None:
        self.fields = fields
        self.platform = platform
        self.security_context = fields.child("securityContext")

    @property
    def capabilities(self) -> Fields:
        """What the container adds and drops, present or not."""
        return self.security_context.child("capabilities")


class PodHead:
    """The metadata of a pod or of a pod template, and its spec, which was not read yet.

    What we injected earlier is taken out of the spec at this stage (admission/revert.py).
    """

    __slots__ = ("annotations", "labels", "metadata", "origin", "spec")

    def __init__(self, metadata: Fields, spec: Fields, origin: Origin) -> None:
        self.metadata = metadata
        self.labels = metadata.child("labels")
        self.annotations = (
            origin.annotations[-1] if origin.annotations else metadata.child("annotations")
        )
        self.spec = spec
        self.origin = origin


class Pod(PodHead):
    """A pod, or the template of one, with the containers of its spec.

    Where ephemeral containers are added to a live pod, it has these alone: `before` are the names
    of those that were there. `contexts` are the security contexts of the pod and of every
    container.
    """

    __slots__ = ("_choice", "containers", "contexts", "platform", "security_context")

    def __init__(self, head: PodHead, before: Collection[str] | None = None) -> None:
        self.metadata = head.metadata
        self.labels = head.labels
        self.annotations = head.annotations
        self.spec = spec = head.spec
        self.origin = head.origin
        self.security_context = spec.child("securityContext")
        self.platform = Platform(_is_windows(spec), spec.get("hostUsers") is False)
        if before is None:
            found = [fields for key in CONTAINER_LISTS for fields in spec.items(key)]
        else:
            found = spec.others(EPHEMERAL, before)
        platform = self.platform
        self.containers = containers = [Container(fields, platform) for fields in found]
        self.contexts = [self.security_context, *[each.security_context for each in containers]]
        self._choice: tuple[Container | None, bool] | None = None

    @property
    def server(self) -> Container | None:
        """The container that is the MCP server; sidecars get no defaults.

        It may be a guess; None where an annotation names a container that does not exist.
        """
        return self._server()[0]

    @property
    def known_server(self) -> Container | None:
        """The same, and None where it is a guess: Secrets go to this one alone."""
        container, guessed = self._server()
        return None if guessed else container

    def field_names(self) -> set[str]:
        """The names of all fields of the spec, of its containers and of their contexts."""
        found = set(self.spec.value or ())
        for container in self.containers:
            found.update(container.fields.value or ())
        for context in self.contexts:
            if context.value is not None:
                found.update(context.value)
        return found

    def _server(self) -> tuple[Container | None, bool]:
        if self._choice is None:
            self._choice = self._chosen()
        return self._choice

    def _chosen(self) -> tuple[Container | None, bool]:
        regular = [each for each in self.containers if each.fields.key == "containers"]
        clues = server_choice.Clues(
            named=self.origin.annotation(names.CONTAINER),
            remembered=self.origin.server() if len(regular) > 1 else "",
            default=self.annotations.get(server_choice.DEFAULT_CONTAINER),
        )
        at, guessed = server_choice.choose_server([each.fields for each in regular], clues)
        return None if at is None else regular[at], guessed

    def violation(self, key: str, sentence: str, **more: Any) -> Violation:
        """Object to a field of the spec."""
        return self.spec.violation(key, sentence, **more)


def _is_windows(spec: Fields) -> bool:
    system = spec.present("os")
    return system is not None and system.get("name") == "windows"


def from_limit_range(head: PodHead, container: Fields, part: str) -> frozenset[str]:
    """The names of the container's `requests` or `limits` that a LimitRange filled in."""
    text, kind = head.annotations.get(_LIMIT_RANGER), _LIMITED.get(container.key)
    if kind is None or not isinstance(text, str) or head.origin.too_long(text):
        return frozenset()
    of_container = f"{part.removesuffix('s')} for {kind} {container.get('name')}"
    return _read(text).get(of_container, frozenset())


@lru_cache(maxsize=4)
def _read(text: str) -> dict[str, frozenset[str]]:
    """Names by what they are of: `memory, cpu request for container main` is one of the parts."""
    if not text.startswith(_SAID):
        return {}
    found = {}
    for said in text.removeprefix(_SAID).split("; "):
        *names, last = said.split(", ")
        name, _, of_container = last.partition(" ")
        found[of_container] = frozenset({*names, name})
    return found
