"""One namespace three times: without the product, and in the modes below `enforce`.

Each request is made in all three, and has to become the same: the bytes of the answer, and what is
stored once the controllers of Kubernetes have come to rest. So whatever a test asks of a namespace
is a comparison here. What a server makes up (times, uids, random names) is left out, and so is a
status, which Kubernetes writes at moments of its own.
"""

import contextlib
import difflib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from tests.builders import KINDS
from tests.e2e.namespace import Namespace, Object
from tests.e2e.product import WITHOUT_PRODUCT, Product
from tools.cluster.clients import Body, Input, JsonObject, Output, Response
from tools.cluster.users import User
from webhook.admission.answer import LONGEST_WARNING
from webhook.admission.mode import MOST_LINES
from webhook.settings.by_namespace import Overlay

OBSERVE, WARN = MODES = ("observe", "warn")
WOULD_REFUSE = "allowed for now: once mcp-admission enforces its rules, it refuses"
WARNING = "Warning: "
# How many namespaces of a mode are in the settings, and the number of each that is made.
MOST, NUMBERS = 400, itertools.count()
WORKLOADS = {f"{kind.lower()}s" for kind in KINDS}
MADE_UP = re.compile(
    r'(?<="uid":")[^"]*|(?<="resourceVersion":")[^"]*'
    r'|(?<="(?:creation|deletion)Timestamp":")[^"]*'
    r'|(?<="time":")[^"]*|(?<=kube-api-access-)[a-z0-9]{5}|(?<=debugger-)[a-z0-9]{5}'
    r"|(?<=debugger-node-1-)[a-z0-9]{5}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
).sub


class UnequalError(Exception):
    """Below `enforce`, something is not as it would be without the product."""


class Seen(NamedTuple):
    """What became of a request, without what a server made up, and what it said to the user."""

    status: int
    said: str
    warnings: tuple[str, ...]


class Mirrored(Namespace):
    """The namespace without the product; what is written to it is written to the others, too."""

    def __init__(self, product: Product, names: Mapping[str, str]) -> None:
        super().__init__(product, names[""])
        self.plain = Namespace(product, names[""])
        self.others: Final = {mode: Namespace(product, names[mode]) for mode in MODES}
        self.compared = 0
        self._resources = ["pods"]
        self._refused = False
        self._asked: list[tuple[Response | Output, tuple[str, ...], bool]] = []

    @property
    def tenant(self) -> User:
        return self.plain.tenant

    def assert_told(self, answer: Response | Output) -> None:
        """The user of the mode `warn` reads that `enforce` refuses this.

        It is the first request here that `enforce` refuses, and it changed something: what comes
        later finds other objects than with `enforce`.
        """
        if self._refused:
            return
        self._refused = True
        ((told, changed),) = [each[1:] for each in self._asked if each[0] is answer]
        if changed and not any(line.startswith(WOULD_REFUSE) for line in told):
            raise UnequalError(f"nobody was told that enforce refuses this: {answer}")

    def raw(
        self,
        method: str,
        resource: str,
        body: Body | None = None,
        content_type: str = "application/json",
        *,
        as_user: User | None = None,
    ) -> Response:
        if method == "GET":
            return self.plain.raw(method, resource, as_user=as_user)
        self._compare_from_now_on(resource.partition("/")[0].partition("?")[0])
        before = self.settle()
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        uids = self._uids() if sent and b'"uid"' in sent else {mode: {} for mode in MODES}
        answer = self.plain.raw(method, resource, body, content_type, as_user=as_user)
        seen = {
            mode: of_response(
                other.raw(
                    method,
                    resource,
                    self._translated(sent, uids[mode], mode),
                    content_type,
                    as_user=self._same(as_user, other),
                ),
                other.name,
            )
            for mode, other in self.others.items()
        }
        self._compare(before, answer, of_response(answer, self.name), seen)
        return answer

    def kubectl(
        self,
        *arguments: str,
        sent: Input | None = None,
        as_user: User | None = None,
        check: bool = True,
    ) -> Output:
        if isinstance(sent, Mapping):
            self._compare_from_now_on(f"{sent['kind'].lower()}s")
        before = self.settle()
        output = self.plain.kubectl(*arguments, sent=sent, as_user=as_user, check=check)
        seen = {
            mode: of_output(
                other.kubectl(
                    *(each.replace(self.name, other.name) for each in arguments),
                    sent=sent,
                    as_user=self._same(as_user, other),
                    check=check,
                ),
                other.name,
            )
            for mode, other in self.others.items()
        }
        self._compare(before, output, of_output(output, self.name), seen)
        return output

    def create(self, manifest: JsonObject) -> Any:
        answer = self.raw("POST", f"{manifest['kind'].lower()}s", manifest)
        assert answer.status == 201, answer.body.decode()
        return answer.json()

    def label(self, labels: Mapping[str, str | None]) -> None:
        self.plain.label(labels)
        for other in self.others.values():
            other.label(labels)

    def objects_to(self, manifest: JsonObject) -> bool:
        return self.others[WARN].objects_to(manifest)

    def settle(self) -> list[str]:
        """Wait until the same is stored in all three namespaces, and rests; return it."""
        plain: list[str] = []

        def alike() -> bool:
            plain[:] = self._stored(self)
            same = all(self._stored(other) == plain for other in self.others.values())
            return same and not any(moves(*each) for each in self._objects(self))

        try:
            self.cluster.wait_for("the same objects in all three namespaces", alike, 10)
        except AssertionError as error:
            lines = [
                line
                for other in self.others.values()
                for line in difflib.unified_diff(plain, self._stored(other), self.name, other.name)
            ]
            raise UnequalError("\n".join(lines)) from error
        return plain

    def _compare(
        self,
        before: list[str],
        answer: Response | Output,
        plain: Seen,
        seen: Mapping[str, Seen],
    ) -> None:
        """What was `seen` in the others is what this one answers; `before` is what was stored."""
        if seen[OBSERVE] != plain:
            raise UnequalError(f"{seen[OBSERVE]} in the mode observe, {plain} without")
        warned = seen[WARN]
        told = tuple(line for line in warned.warnings if line not in plain.warnings)
        if warned[:2] != plain[:2] or not set(plain.warnings) <= set(warned.warnings):
            raise UnequalError(f"{warned} in the mode warn, {plain} without")
        if len(told) > MOST_LINES or any(len(line) > LONGEST_WARNING for line in told):
            raise UnequalError(f"more than {MOST_LINES} short lines: {told}")
        self.compared += 1
        self._asked.append((answer, told, self._stored(self) != before))

    def _same(self, user: User | None, other: Namespace) -> User | None:
        """The tenant of the other namespace for the tenant of this one."""
        return other.tenant if user is not None and user.name == self.tenant.name else user

    def _translated(self, body: bytes | None, uids: Mapping[str, str], mode: str) -> bytes | None:
        """The body with name and uids of the other namespace, where it has those of this one."""
        if body is None:
            return None
        text = body.decode().replace(self.name, self.others[mode].name)
        for uid, own in uids.items():
            text = text.replace(uid, own)
        return text.encode()

    def _uids(self) -> dict[str, dict[str, str]]:
        """For each mode, the uids of the other namespace by those of this one."""
        plain = dict(self._named(self))
        return {
            mode: {plain[key]: uid for key, uid in self._named(other) if key in plain}
            for mode, other in self.others.items()
        }

    def _named(self, namespace: Namespace) -> Iterator[tuple[tuple[str, str], str]]:
        for resource, found in self._objects(namespace):
            yield (resource, found["metadata"]["name"]), found["metadata"]["uid"]

    def _stored(self, namespace: Namespace) -> list[str]:
        """What is stored, and how far each pod is."""
        return sorted(
            f"{resource} {found.get('status', {}).get('phase', '')} "
            f"{anonymous(compact(settled(found)), namespace.name)}"
            for resource, found in self._objects(namespace)
        )

    def _compare_from_now_on(self, resource: str) -> None:
        """A Deployment makes ReplicaSets; what nobody made is not asked for."""
        made = {resource, "replicasets"} if resource == "deployments" else {resource}
        self._resources += sorted(made & WORKLOADS - {*self._resources})

    def _objects(self, namespace: Namespace) -> Iterator[tuple[str, Object]]:
        for resource in self._resources:
            for found in Namespace.raw(namespace, "GET", resource).json()["items"]:
                yield resource, found


def moves(resource: str, found: Object) -> bool:
    """Whether Kubernetes is about to write more than a status of it."""
    metadata, spec, status = found["metadata"], found.get("spec", {}), found.get("status", {})
    if resource == "deployments":
        return bool(status.get("observedGeneration") != metadata["generation"])
    if resource != "pods":
        return False
    if "deletionTimestamp" in metadata:
        return bool(metadata.get("deletionGracePeriodSeconds"))
    stuck = any(each.get("reason") == "Unschedulable" for each in status.get("conditions", []))
    is_bound = spec.get("nodeName") or spec.get("schedulerName") != "default-scheduler"
    return not (is_bound or stuck or spec.get("schedulingGates"))


def of_response(answer: Response, namespace: str) -> Seen:
    """What the API server answered."""
    said = anonymous(compact(settled(answer.json())), namespace)
    return Seen(answer.status, said, tuple(answer.warnings))


def of_output(output: Output, namespace: str) -> Seen:
    """What kubectl said."""
    lines = output.stderr.splitlines()
    warnings = [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]
    others = "\n".join(line for line in lines if not line.startswith(WARNING))
    said = anonymous(f"{output.stdout}\n{others}", namespace)
    return Seen(output.returncode, said, tuple(warnings))


def settled(found: Any) -> Any:
    """An object, or several, without status and random names."""
    if "items" in found:
        return {**found, "items": sorted(map(settled, found["items"]), key=json.dumps)}
    if found.get("kind") == "Status" or "metadata" not in found:
        return found
    metadata = dict(found["metadata"])
    if "generateName" in metadata:
        metadata["name"] = metadata["generateName"]
    if "managedFields" in metadata:
        fields = [each for each in metadata["managedFields"] if "subresource" not in each]
        metadata["managedFields"] = sorted(fields, key=json.dumps)
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": metadata}


def compact(found: Any) -> str:
    """An object as API servers write it."""
    return json.dumps(found, separators=(",", ":"))


def anonymous(text: str, namespace: str) -> str:
    """A text without what a server made up."""
    return MADE_UP("", text.replace(namespace, "NAMESPACE"))


@contextlib.contextmanager
def mirrors(
    product: Product, settings: Mapping[str, str] | None = None
) -> Iterator[Callable[[Mapping[str, str]], Mirrored]]:
    """Within the block, what this yields makes a namespace with these labels three times.

    `settings` are those of the namespaces, beside the mode.
    """
    more = settings or {}
    overlays = {
        f"{mode}-{number}": Overlay({"mode": mode, **more})
        for mode in MODES
        for number in range(MOST)
    }

    def made(labels: Mapping[str, str]) -> Mirrored:
        number = next(NUMBERS)
        assert number < MOST
        names = {"": f"without-{number}", **{mode: f"{mode}-{number}" for mode in MODES}}
        for mode, name in names.items():
            of_world = labels if mode else {**labels, WITHOUT_PRODUCT: "true"}
            product.cluster.named_namespace(name, of_world)
        return Mirrored(product, names)

    with product.settings({"delegated": ["mode", *more]}), product.beside({}, overlays):
        yield made
