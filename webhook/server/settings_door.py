"""Settings documents as they are applied: what only the merge with others can see is told at once.

The API server's schema refuses what it can. What depends on the settings in force comes out later,
in the status of a resource that its author may not look at again. So the webhook is asked about
these documents, too. It never refuses one, and its registration is ignored while it is away.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from webhook.admission import (
    LONGEST_WARNING,
    Answer,
    Hook,
    Request,
    line,
    pod_security_refusals,
)
from webhook.observe.logs import cut, failure
from webhook.observe.metrics import Metrics, Review
from webhook.server import object_size
from webhook.server.admission_review import WireError, decode_review, encode_review
from webhook.server.settings_file import InForce, SettingsFile
from webhook.server.turns import RejectedError
from webhook.settings import (
    EXCEPTION_KIND,
    KIND,
    NAMESPACE_KIND,
    KeyFault,
    Layer,
    ServerException,
    Settings,
    SettingsError,
    chart_only_keys,
    dotted,
    layers,
    listed,
    namespace_layer,
    read_exception,
)

MOST_WARNINGS = 5
SCOPE = "settings"
_CLASS = ("mcpServerDefaults", "runtimeClassName")
MORE = "and more of this kind: the status of the object will say all"

LOG = logging.getLogger(__name__)

Telling = Callable[[Request, InForce, float], Iterator[str]]


class SettingsDoor:
    """Answers the reviews of settings documents."""

    def __init__(
        self, settings: SettingsFile, metrics: Metrics, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._metrics, self._clock = settings, metrics, clock

    def answer(
        self, body: bytearray, arrived: float, _headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The body of the answer to a review that came then; raises RejectedError."""
        if object_size.too_many_objects(body):
            sentence = object_size.sentence(body)
            raise RejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        try:
            request = decode_review(body, Hook.VALIDATE, self._settings.runtime_classes)
        except WireError as error:
            raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
        answer = Answer(allowed=True, warnings=self._warnings(request))
        kind, operation = request.kind, request.operation
        counted = Review("validate", SCOPE, operation, kind, "allowed", request.dry_run)
        self._metrics.reviewed(counted, time.monotonic() - arrived)
        return encode_review(request.uid, answer, Hook.VALIDATE)

    def _warnings(self, request: Request) -> tuple[str, ...]:
        fields: dict[str, Any] = {
            key: cut(getattr(request, key)) for key in ("kind", "namespace", "name", "uid")
        }
        try:
            telling = _TOLD.get(request.kind)
            told = telling(request, self._settings.in_force, self._clock()) if telling else ()
            warnings = _few(told)
        except Exception as error:  # noqa: BLE001 - no document keeps another from being applied
            self._metrics.internal_errors.inc()
            LOG.error("settings not checked", extra={"fields": fields | failure(error)})  # noqa: TRY400
            return ()
        if warnings:
            LOG.info("settings warned of", extra={"fields": fields | {"warnings": len(warnings)}})
        return warnings


def _few(told: Iterable[str]) -> tuple[str, ...]:
    """The first sentences as warnings, each once."""
    found = [*islice(dict.fromkeys(map(_whole, told)), MOST_WARNINGS + 1)]
    return tuple(found if len(found) <= MOST_WARNINGS else (*found[: MOST_WARNINGS - 1], MORE))


def _whole(sentence: str) -> str:
    """The sentence in at most 120 characters; advice behind a colon goes first."""
    said = sentence
    while len(said) > LONGEST_WARNING and said.count(": ") > 1:
        said = said.rpartition(": ")[0]
    return line(said, LONGEST_WARNING)


def _of_cluster(request: Request, in_force: InForce, _now: float) -> Iterator[str]:
    """What the locked keys make of the settings of the cluster."""
    given = Layer(_spec(request), lambda key: dotted(("spec", *key)))
    locks = Layer(dict(in_force.locked), lambda key: f"{dotted(key)} of chart or environment")
    without_effect = layers.keys_set(given) & layers.keys_set(locks) - chart_only_keys()
    if without_effect:
        keys = listed([f"spec.{key}" for key in sorted(without_effect)], "and", 2)
        have = "has" if len(without_effect) == 1 else "have"
        yield f"{keys} {have} no effect: chart or environment set it"
    if dotted(_CLASS) not in without_effect:
        yield from _missing_class(_spec(request), request.runtime_classes)
    try:
        layers.merge_layers([given, locks])
    except SettingsError as error:
        yield from str(error).splitlines()


def _of_namespace(request: Request, in_force: InForce, _now: float) -> Iterator[str]:
    """What a namespace may not set, and what contradicts the settings of the cluster."""
    layer = namespace_layer(in_force.current.cluster, _spec(request))
    yield from _missing_class(layer.values, request.runtime_classes)
    yield from _sentences(KeyFault(("spec", *key), sentence) for key, sentence in layer.faults)


def _missing_class(values: Any, known: frozenset[str] | None) -> Iterator[str]:
    """That the class which these values name is not there; nothing while nobody knows.

    What is no name is refused by others.
    """
    if known is None or not isinstance(values, Mapping):
        return
    within, key = _CLASS
    defaults = values.get(within)
    name = defaults.get(key) if isinstance(defaults, Mapping) else None
    if isinstance(name, str) and name and name not in known:
        where = dotted(("spec", *_CLASS))
        yield f'{where}: RuntimeClass "{name}" not found: create it, or change this key'


def _of_exception(request: Request, in_force: InForce, now: float) -> Iterator[str]:
    """What keeps an exception from being in force, and what stands beside it."""
    days = in_force.current.cluster.exceptions.longest_days
    document = read_exception(request.object, now=now, longest_days=days)
    yield from _sentences(document.faults)
    granted = document.granted
    if granted is None:
        return
    settings = in_force.current.of(granted.namespace)
    for other in settings.exceptions_of(granted.workload):
        if other.name != granted.name:
            yield other.beside_another
    yield from _refused_nevertheless(granted, settings)
    if not settings.enforced:
        yield (
            f"nothing is refused in namespace {granted.namespace} while its mode is "
            f"{settings.mode}: the exception has no effect yet"
        )


def _refused_nevertheless(granted: ServerException, settings: Settings) -> Iterator[str]:
    """What the label of the namespace refuses, if it is one that gets labels."""
    where, security = granted.namespace, settings.mcp_namespace.pod_security
    if not security.enabled:
        return
    found = pod_security_refusals(where, granted.rules, security.level, settings)
    if found is not None:
        yield f"Pod Security ({found.level}) still refuses {found.what}, if {where} is managed"
        yield (
            f"such pods need mcpNamespace.podSecurity.enforce: {found.enough} there, or a "
            "namespace that is not managed"
        )


_TOLD: Mapping[str, Telling] = {
    KIND: _of_cluster,
    NAMESPACE_KIND: _of_namespace,
    EXCEPTION_KIND: _of_exception,
}


def _sentences(faults: Iterable[KeyFault]) -> Iterator[str]:
    return (f"{dotted(fault.key)}: {fault.sentence}" for fault in faults)


def _spec(request: Request) -> Any:
    found = request.object
    spec = found.get("spec") if isinstance(found, dict) else None
    return {} if spec is None else spec
