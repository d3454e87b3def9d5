"""What a workload asks for by annotation is understood, or refused.

Field    metadata.annotations under mcp-admission.dev/, of the pod or its template, and of a
         Deployment; those of other workloads reach no pod
Absent   nothing
Refused  values that cannot be read, a container that does not exist, config-from, egress and
         ingress-from on anything but a Deployment, egress outside the ceilings and profiles of
         the settings, ingress-from outside the profiles, two different values on the workload
         and its template, config-from and file-keys where secrets.copy is false
Source   mcp-admission
"""

from collections.abc import Iterable, Iterator
from typing import Any

from webhook import names
from webhook.pods import LONGEST_VALUE, keys, peers, server_port
from webhook.rules.rule import Fields, Pod, PodRule, Settings, Violation
from webhook.settings import listed

COPIES_OFF = "the setting secrets.copy is false"
_NAMED = 5
_GUESSED = 100  # of so many annotations it is said which one was meant
_OF_DEPLOYMENTS = ("Deployment", "ReplicaSet")


def check(pod: Pod, settings: Settings) -> Iterable[Violation]:
    """Refuse what cannot be read or granted, and warn about what is not read."""
    asked = any(map(_has_requests, _places(pod)))
    return _of_requests(pod, settings) if asked else ()


def _of_requests(pod: Pod, settings: Settings) -> Iterator[Violation]:
    yield from _values(pod)
    for key in pod.origin.disagreeing:
        at = pod.origin.annotations[0]
        yield at.violation(key, "differs from the pod template: say it in one place")
    yield from _beside(pod)
    yield from _config(pod, settings)
    yield from _port_of_service(pod)
    yield from _network(pod, settings)


def _places(pod: Pod) -> tuple[Fields, ...]:
    """Where a person may have written annotations, those that reach the pods first."""
    beside = pod.origin.beside
    return pod.origin.annotations if beside is None else (*pod.origin.annotations, beside)


def _has_requests(annotations: Fields) -> bool:
    """Whether there is a key of ours that is not our own note."""
    for key in annotations.value or ():
        if key.startswith(names.PREFIX) and key != names.INJECTED:
            return True
    return False


def _values(pod: Pod) -> Iterator[Violation]:
    """Object to each key that is read and cannot be, and warn about each that is not read.

    A template that says what its workload says, as one that was filled in does, adds nothing.
    """
    seen: dict[str, Any] = {}
    for annotations in pod.origin.annotations:
        for key, value in annotations.entries():
            again = key in seen and seen[key] == value
            seen.setdefault(key, value)
            if not again and key.startswith(names.PREFIX):
                guess = len(seen) <= _GUESSED
                yield from _objections(pod, annotations, key, value, guess=guess)


def _objections(
    pod: Pod, at: Fields, key: str, value: object, *, guess: bool
) -> Iterator[Violation]:
    if pod.origin.too_long(value) and key != names.INJECTED:
        sentence = f"is longer than {LONGEST_VALUE} characters, and not read: shorten it"
        yield at.violation(key, sentence)
        return
    unread = keys.unread_annotation(key, guess=guess)
    wrong = keys.unreadable(key, str(value))
    if unread is not None:
        yield at.violation(key, unread, advice=True)
    elif key == names.CONTAINER and pod.server is None:
        yield at.violation(key, "names no container of the pod", detail=_there_are(_regular(pod)))
    elif wrong is not None:
        yield at.violation(key, wrong)


def _regular(pod: Pod) -> list[str]:
    found = (c.fields.get("name") for c in pod.containers if c.fields.key == "containers")
    return [name for name in found if isinstance(name, str)]


def _there_are(found: list[str], otherwise: str = "") -> str:
    """The names that exist, as the end of a sentence."""
    if not found:
        return otherwise
    return f": there {'is' if len(found) == 1 else 'are'} {listed(found, 'and', _NAMED)}"


def _beside(pod: Pod) -> Iterator[Violation]:
    """Warn about what stands beside a template whose pods do not get it."""
    beside = pod.origin.beside
    if beside is None:
        return
    for at, (key, value) in enumerate(beside.entries()):
        unread = keys.unread_annotation(key, guess=at < _GUESSED)
        if pod.annotations.get(key) == value:
            continue
        if unread is not None:
            yield beside.violation(key, unread, advice=True)
        elif key in names.USER_ANNOTATIONS and key not in names.FOR_DEPLOYMENTS:
            place = pod.annotations.place
            sentence = f"reaches no pod: put it into {place}"
            yield beside.violation(key, sentence, short=f"{key} belongs in {place}", advice=True)


def _config(pod: Pod, settings: Settings) -> Iterator[Violation]:
    at, keys_at = _at(pod, names.CONFIG_FROM), _at(pod, names.FILE_KEYS)
    elsewhere = _beside_deployments(pod)
    if not settings.secrets.copied and pod.origin.kind == "Deployment":
        yield from _not_copied(at, keys_at)
        return
    if at is not None and elsewhere:
        yield _for_deployments(pod, at, names.CONFIG_FROM, names.ENV_FROM)
    elif at is not None and at.get(names.CONFIG_FROM) in _made(pod):
        yield at.violation(names.CONFIG_FROM, "names the Secret that is made from it: name yours")
    if keys_at is None:
        return
    if elsewhere:
        yield _for_deployments(pod, keys_at, names.FILE_KEYS, names.FILES_FROM)
    elif at is None and pod.origin.kind == "Deployment":
        yield keys_at.violation(names.FILE_KEYS, f"needs {names.CONFIG_FROM}, which has the keys")


def _not_copied(at: Fields | None, keys_at: Fields | None) -> Iterator[Violation]:
    """Object to what needs a copy of a Secret, where none are made."""
    for found, key, instead in (
        (at, names.CONFIG_FROM, f"{names.ENV_FROM} or {names.FILES_FROM}"),
        (keys_at, names.FILE_KEYS, names.FILES_FROM),
    ):
        if found is not None:
            detail = f": name existing Secrets with {instead} instead"
            yield found.violation(key, f"is not available: {COPIES_OFF}", detail=detail)


def _for_deployments(pod: Pod, at: Fields, key: str, instead: str) -> Violation:
    detail = f": name existing Secrets with {instead} instead"
    advice = not _refuses_pods(pod, at)
    return at.violation(key, "is for Deployments", detail=detail, advice=advice)


def _port_of_service(pod: Pod) -> Iterator[Violation]:
    """Object to a port that its Service cannot reach, and warn about one that it need not know."""
    at = _at(pod, names.PORT)
    if at is None or pod.server is None:
        return
    if pod.origin.kind != "Deployment":
        if pod.origin.template and _beside_deployments(pod):
            sentence = "is for Deployments: no Service is made for this one"
            yield at.violation(names.PORT, sentence, advice=True)
        return
    value = str(at.get(names.PORT))
    port = server_port.choose_port(pod.server, value)
    if port is None:
        if keys.port_objection(value) is None:
            called = [each.name for each in server_port.declared_ports(pod.server) if each.name]
            detail = _there_are(called, ": write a number")
            yield at.violation(names.PORT, "names no port of the server container", detail=detail)
    elif not server_port.is_named_by(port, value):
        says = f"the container declares {port.name or port.number}"
        yield at.violation(names.PORT, f"is not read: {says}", advice=True)


def _network(pod: Pod, settings: Settings) -> Iterator[Violation]:
    policy = settings.mcp_namespace.network_policy
    for key, read in ((names.EGRESS, peers.egress), (names.INGRESS_FROM, peers.ingress)):
        at = _at(pod, key)
        if at is None:
            continue
        if pod.origin.kind == "Deployment":
            for sentence in read(str(at.get(key)), policy).objections:
                short = f"{key} asks for what the settings do not grant"
                yield at.violation(key, sentence, short=short)
        elif _beside_deployments(pod):
            detail = ": no network policy is made for this one"
            advice = not _refuses_pods(pod, at)
            yield at.violation(key, "is for Deployments", detail=detail, advice=advice)


def _beside_deployments(pod: Pod) -> bool:
    """Whether this is neither a Deployment nor something that may be one's."""
    return pod.origin.kind != "Deployment" and pod.origin.owner not in _OF_DEPLOYMENTS


def _refuses_pods(pod: Pod, at: Fields) -> bool:
    """Whether annotations reach pods, and those are no Deployment's as a ReplicaSet's may be."""
    return at is not pod.origin.beside and pod.origin.kind != "ReplicaSet"


def _made(pod: Pod) -> tuple[str, str]:
    return names.config_secret_of(pod.origin.name), names.files_secret_of(pod.origin.name)


def _at(pod: Pod, key: str) -> Fields | None:
    return next((at for at in _places(pod) if at.has(key)), None)


RULE: PodRule = PodRule(id="annotations", check=check, overridable=False, exceptable=False)
