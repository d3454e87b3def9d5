"""What a review is asked, and the workload in it: the kinds with pods, and where pods stand."""

from enum import Enum
from typing import Any, NamedTuple

from webhook import names
from webhook.admission import budget, injected
from webhook.pods import LONGEST_NAME, Fields, Malformed, Origin, Patch, Pod, PodHead

PODS = "pods"
DEPLOYMENTS = "deployments.apps"
JOBS = "jobs.batch"
BINDINGS = "bindings"

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    PODS: ("Pod", ()),
    DEPLOYMENTS: ("Deployment", ("spec", "template")),
    "statefulsets.apps": ("StatefulSet", ("spec", "template")),
    "daemonsets.apps": ("DaemonSet", ("spec", "template")),
    "replicasets.apps": ("ReplicaSet", ("spec", "template")),
    JOBS: ("Job", ("spec", "template")),
    "cronjobs.batch": ("CronJob", ("spec", "jobTemplate", "spec", "template")),
    "replicationcontrollers": ("ReplicationController", ("spec", "template")),
    "podtemplates": ("PodTemplate", ("template",)),
}

# The controllers that make a Job for each run, each of another name.
SCHEDULES = frozenset({"CronJob"})
# What controllers of ReplicaSets end the name of each revision with: Deployments, and Rollouts.
HASHES = ("pod-template-hash", "rollouts-pod-template-hash")


class Hook(Enum):
    """Which of the two hooks asks: the one that fills in, or the one that sees the final object."""

    MUTATE = "mutate"
    VALIDATE = "validate"


class Scope(Enum):
    """Which workloads of a namespace are servers: those that opted in, or all of a managed one.

    A webhook learns it from the path of its registration. Other callers read the labels of the
    namespace.
    """

    OPTED_IN = "opted-in"
    MANAGED = "managed"


class Request(NamedTuple):
    """One admission request, decoded; `object` and `old_object` are private to the review.

    `resource` is the plural with its group (`pods`, `deployments.apps`), `subresource` empty for
    the main resource. `name` is empty where the object has only a generateName. `size` is at least
    that of each object as JSON, in bytes, `commas` that of its commas; both are None where they are
    not known. `runtime_classes` are those of the cluster, None where they are not known.
    """

    def measure(self, *, filled_in: bool = False) -> None:
        """Raise TooLarge where the object has more in it than is reviewed.

        `filled_in` says that what a person wrote was reviewed before, and more was added since.
        """
        filled_in = filled_in or self.hook is Hook.VALIDATE
        bounds = budget.FILLED_IN if filled_in else budget.WRITTEN
        budget.measure(self.object, self._path, bounds, self.size, self.commas)

    def fits(self) -> bool:
        """Whether both objects are small enough to be compared field by field."""
        try:
            for document in (self.object, self.old_object):
                budget.measure(document, self._path, budget.FILLED_IN, self.size, self.commas)
        except budget.TooLarge:
            return False
        return True

    @property
    def _path(self) -> tuple[str, ...]:
        return KINDS[self.resource][1] if self.resource in KINDS else ()

    hook: Hook
    resource: str
    operation: str
    object: Any
    old_object: Any = None
    uid: str = ""
    kind: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    dry_run: bool = False
    size: int | None = None
    commas: int | None = None
    runtime_classes: frozenset[str] | None = None


class Workload(NamedTuple):
    """An object under review: its own labels and annotations, and its pod or pod template.

    For a Pod, `labels` and `annotations` are those of the pod. `template` is the object whose
    `spec` is the pod's, `head` the pod before its spec is read, and `carried` the memory that it
    came with.
    """

    root: Fields
    labels: Fields
    annotations: Fields
    template: Fields
    head: PodHead
    carried: injected.Carried

    @property
    def kind(self) -> str:
        """The kind of the object."""
        return self.head.origin.kind

    @property
    def name(self) -> str:
        """What people call the object: its name, or the prefix of its generated one."""
        metadata = self.root.get("metadata") or {}
        return str(metadata.get("name") or metadata.get("generateName") or "")[:LONGEST_NAME]


def read_workload(document: Any, request: Request, scope: Scope, patch: Patch) -> Workload:
    """See an object of the request as a workload whose edits go to the patch.

    Raises Malformed where its shape is not that of its kind.
    """
    kind, path = KINDS[request.resource]
    root = Fields(document if document is not None else [], patch)
    metadata = root.child("metadata")
    template = root
    for key in path:
        template = template.child(key)
    own_metadata = template.child("metadata") if path else metadata
    spec = Fields(_spec(template), patch, root=f"{template.pointer}/spec")
    annotations = metadata.child("annotations")
    of_pod = own_metadata.child("annotations") if path else annotations
    reaching = (annotations, of_pod) if kind == "Deployment" else (of_pod,)
    owner = _controller(metadata)
    carried = injected.Carried(of_pod)
    origin = Origin(
        namespace=request.namespace,
        name=_name(request, metadata, own_metadata, owner),
        kind=kind,
        owner=str(owner.get("kind")) if owner else "",
        annotations=reaching,
        disagreeing=_disagreeing(reaching),
        beside=annotations if path and kind != "Deployment" else None,
        managed=scope is Scope.MANAGED,
        creating=request.operation == "CREATE",
        server=str if path else carried.server,
    )
    head = PodHead(own_metadata, spec, origin)
    labels = metadata.child("labels") if path else head.labels
    return Workload(root, labels, annotations, template, head, carried)


def stored(found: Any, resource: str, scope: Scope = Scope.OPTED_IN) -> Workload:
    """See an object as the API server has it.

    Raises Malformed for what no review accepts, whether it is a server or not; TooLarge, which is
    a Malformed, for what none reads.
    """
    metadata = found["metadata"]
    request = Request(
        Hook.VALIDATE,
        resource,
        "UPDATE",
        found,
        namespace=metadata.get("namespace") or "",
        name=str(metadata["name"]),
    )
    request.measure()
    workload = read_workload(found, request, scope, Patch())
    Pod(workload.head)
    return workload


def _spec(template: Fields) -> Any:
    spec = template.get("spec")
    if spec is None:
        raise Malformed(f"{template.pointer}/spec", "the pod's spec is missing")
    return spec


def _controller(metadata: Fields) -> Fields | None:
    key = "ownerReferences"
    for at, owner in enumerate(metadata.list(key)):
        if type(owner) is not dict or owner.get("controller") is True:
            return Fields(owner, metadata.editor, metadata, key, at)
    return None


def _name(request: Request, metadata: Fields, of_pod: Fields, owner: Fields | None) -> str:
    """The name of the workload that a person wrote, as far as the object tells.

    Pods are named after their controller and Jobs after their schedule; a ReplicaSet has the name
    of what it is a revision of, without the hash that its pods carry as a label.
    """
    kind, _ = KINDS[request.resource]
    made_by = "" if owner is None else owner.get("kind")
    if owner is not None and (kind == "Pod" or (kind == "Job" and made_by in SCHEDULES)):
        kind, name = str(made_by), str(owner.get("name"))
    else:
        name = str(metadata.get("name") or request.name or metadata.get("generateName") or "")
        name = name.rstrip("-")
    name = name[:LONGEST_NAME]  # Kubernetes refuses a longer one, which takes long to read
    return _without_hash(name, of_pod.child("labels")) if kind == "ReplicaSet" else name


def _without_hash(name: str, labels: Fields) -> str:
    for key in HASHES:
        ending = f"-{labels.get(key)}"
        if labels.has(key) and name.endswith(ending):
            return name.removesuffix(ending) or name
    return name


def _disagreeing(reaching: tuple[Fields, ...]) -> tuple[str, ...]:
    if len(reaching) == 1:
        return ()
    own, of_template = reaching
    return tuple(
        key
        for key in names.USER_ANNOTATIONS
        if own.has(key) and of_template.has(key) and own.get(key) != of_template.get(key)
    )
