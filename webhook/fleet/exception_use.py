"""The exceptions that were granted, and whether the servers of a cluster need them.

An exception nobody needs, or one that has ended, stays in the cluster until somebody deletes it. It
is read from its resource where that may be read. One that is in force is known from the settings.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from webhook import admission
from webhook.admission.excepted import exceptions_for
from webhook.controller.settings.overlay_builder import SECONDS_OF_NOTICE
from webhook.settings import Level, ServerException, SettingsByNamespace, read_exception

Json = dict[str, Any]
IN_FORCE, ENDING, UNUSED = "in-force", "ending", "unused"
ENDED, NOT_IN_FORCE = "ended", "not-in-force"
Labelled = Callable[[str], Level | None]
_SEE_STATUS = "it is not in force yet, or there is no room for it: see its status"


class ExceptionStatus(NamedTuple):
    """What became of an exception, in a word and a sentence.

    What it is for is empty where its document says nothing that can be read.
    """

    name: str
    state: str
    message: str
    namespace: str = ""
    workload: str = ""
    rules: tuple[str, ...] = ()
    expires: str = ""

    @property
    def line(self) -> str:
        """What it is for, and what became of it."""
        whom = f" for {self.namespace}/{self.workload}" if self.workload else ""
        rules = f" ({', '.join(self.rules)})" if self.rules else ""
        return f"exception {self.name}{whom}{rules}: {self.message}"


class ExceptionUse:
    """Collects the exceptions that servers need, and the documents of all exceptions.

    `labelled` is the Pod Security level of a namespace, None where it is not known.
    """

    def __init__(self, settings: SettingsByNamespace, labelled: Labelled = lambda _: None) -> None:
        self._settings, self._labelled = settings, labelled
        self._documents: dict[str, Json] = {}
        self._needed: set[str] = set()

    def add_document(self, found: Json) -> None:
        """Add the resource of an exception; one that is listed twice counts once."""
        self._documents[found["metadata"]["name"]] = found

    def look(
        self, found: Json, resource: str, workload: admission.Workload, scope: admission.Scope
    ) -> list[str]:
        """Learn which exceptions a server needs to be created again; which count for it."""
        metadata = found["metadata"]
        settings = self._settings.of(metadata["namespace"])
        granted = [each.name for each in exceptions_for(settings, workload.head).values()]
        if self._needed.issuperset(granted):
            return granted
        request = admission.Request(
            admission.Hook.MUTATE,
            resource,
            "CREATE",
            deepcopy(admission.as_created(found)),
            kind=admission.KINDS[resource][0],
            namespace=metadata["namespace"],
            name=metadata["name"],
        )
        for hook in (admission.Hook.MUTATE, admission.Hook.VALIDATE):
            answer = admission.review(request._replace(hook=hook), settings, scope)
            self._needed.update(each.exception for each in answer.findings if each.exception)
        return granted

    def statuses(
        self, now: float, namespace: str | None = None, *, all_seen: bool
    ) -> list[ExceptionStatus]:
        """Every exception, or those in a namespace, by name; `all_seen` if all servers were read.

        Without that, none is called unused.
        """
        overlays = self._settings.overlays.values()
        in_force = {each.name: each for overlay in overlays for each in overlay.exceptions}
        unused = self._unused(in_force) if all_seen else frozenset[str]()
        found = [
            *self._of_documents(in_force, unused, now),
            *(
                self._in_force(each, unused, now)
                for each in in_force.values()
                if each.name not in self._documents
            ),
        ]
        chosen = [each for each in found if namespace in (None, each.namespace)]
        return sorted(chosen)

    def _unused(self, in_force: Iterable[str]) -> frozenset[str]:
        return frozenset(in_force) - self._needed

    def _of_documents(
        self, in_force: dict[str, ServerException], unused: frozenset[str], now: float
    ) -> Iterator[ExceptionStatus]:
        longest = self._settings.cluster.exceptions.longest_days
        for name, document in self._documents.items():
            read = read_exception(document, now=now, longest_days=longest)
            granted = read.granted
            if name in in_force:
                # Files may replace what the cluster has, and are what counts then.
                yield self._in_force(in_force[name], unused, now)
            elif granted is not None and granted.ended(now):
                said = f"it has ended on {granted.end_day}: delete it, or make another one"
                yield _status(granted, ENDED, said)
            elif granted is not None:
                yield _status(granted, NOT_IN_FORCE, _SEE_STATUS)
            else:
                said = "; ".join(f"{'.'.join(map(str, key))} {why}" for key, why in read.faults)
                yield ExceptionStatus(name, NOT_IN_FORCE, said)

    def _in_force(
        self, found: ServerException, unused: frozenset[str], now: float
    ) -> ExceptionStatus:
        status = _counting(found, unused, now)
        label = self._labelled(found.namespace)
        if label is None:
            return status
        settings = self._settings.of(found.namespace)
        refusals = admission.pod_security_refusals(found.namespace, found.rules, label, settings)
        if refusals is None:
            return status
        if refusals.wholly:
            return status._replace(state=NOT_IN_FORCE, message=refusals.told)
        return status._replace(message=f"{status.message}; {refusals.told}")


def _counting(found: ServerException, unused: frozenset[str], now: float) -> ExceptionStatus:
    if found.name in unused:
        said = "no server needs it, or another exception lasts longer: delete it"
        return _status(found, UNUSED, said)
    if found.ended(now + SECONDS_OF_NOTICE):
        said = f"it ends on {found.end_day}: mend the server, or make another one"
        return _status(found, ENDING, said)
    return _status(found, IN_FORCE, f"in force until {found.end_day}")


def _status(found: ServerException, state: str, said: str) -> ExceptionStatus:
    rules = tuple(sorted(found.rules))
    return ExceptionStatus(
        found.name, state, said, found.namespace, found.workload, rules, found.end_day
    )
