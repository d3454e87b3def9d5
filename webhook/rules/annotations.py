"""What a workload asks for by annotation is understood, or refused.

Field    metadata.annotations of the workload and of its pod template, under mcp-admission.dev/
Absent   left as it is
Refused  values that cannot be read, a container that does not exist, config-from, egress and
         ingress-from on anything but a Deployment, egress outside the ceilings and profiles of
         the settings, ingress-from outside the profiles, two different values on the workload
         and its template
Source   mcp-admission
"""

import re
from collections.abc import Callable, Iterator

from webhook.rules import names, peers, server_port
from webhook.rules.fields import Fields, Violation
from webhook.rules.pod import LONGEST_VALUE, Pod
from webhook.rules.rule import PodRule
from webhook.settings.model import Settings
from webhook.settings.patterns import is_dns_subdomain

_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PORT_NAME = re.compile(r"(?=[-0-9]*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_LONGEST_KEY = 253
_OWN = frozenset({*names.ASKED_BY_USERS, names.INJECTED, names.REVISION})


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Refuse what cannot be read or granted, and warn about keys that nobody reads."""
    if not any(map(_asks, pod.origin.asked_in)):
        return
    for annotations in pod.origin.asked_in:
        for key, value in annotations.entries():
            if not key.startswith(names.PREFIX):
                continue
            sentence = _objection(pod, key, value)
            if sentence:
                yield annotations.violation(key, sentence)
            elif key not in _OWN:
                yield annotations.violation(key, "is not read by this version", advice=True)
    for key in pod.origin.disagreeing:
        at = pod.origin.asked_in[0]
        yield at.violation(key, "differs from the pod template: say it in one place")
    yield from _config(pod)
    yield from _port_of_service(pod)
    yield from _network(pod, settings)


def _asks(annotations: Fields) -> bool:
    """Whether there is a key of ours that is not our own note."""
    keys = annotations.value or ()
    return any(key.startswith(names.PREFIX) and key != names.INJECTED for key in keys)


def _objection(pod: Pod, key: str, value: object) -> str | None:
    if pod.origin.too_long(value) and key != names.INJECTED:
        return f"is longer than {LONGEST_VALUE} characters, and not read: shorten it"
    if key == names.CONTAINER and pod.server is None:
        return "names no container of the pod"
    reads = _READS.get(key)
    return None if reads is None else reads(str(value))


def _config(pod: Pod) -> Iterator[Violation]:
    at = _at(pod, names.CONFIG_FROM)
    if at is not None and _beside_deployments(pod):
        advice = f"is for Deployments: name existing Secrets with {names.ENV_FROM} instead"
        yield at.violation(names.CONFIG_FROM, advice)
    if at is not None and at.get(names.CONFIG_FROM) in _made(pod):
        yield at.violation(names.CONFIG_FROM, "names the Secret that is made from it: name yours")
    keys_at = _at(pod, names.FILE_KEYS)
    if keys_at is not None and at is None and pod.origin.template:
        yield keys_at.violation(names.FILE_KEYS, f"needs {names.CONFIG_FROM}, which has the keys")


def _port_of_service(pod: Pod) -> Iterator[Violation]:
    """Object to a port that its Service cannot reach, and warn about one that it need not know."""
    at = _at(pod, names.PORT)
    if at is None or pod.server is None or pod.origin.kind != "Deployment":
        return
    told = str(at.get(names.PORT))
    port = server_port.choose(pod.server, told)
    if port is None:
        if _port(told) is None:
            yield at.violation(names.PORT, "names no port of the server container: write a number")
    elif not server_port.told_by(port, told):
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
                yield at.violation(key, sentence)
        elif _beside_deployments(pod):
            yield at.violation(key, "is for Deployments: no network policy is made for this one")


def _beside_deployments(pod: Pod) -> bool:
    """Whether this is neither a Deployment nor a pod that may be one's."""
    return pod.origin.kind != "Deployment" and pod.origin.owner != "ReplicaSet"


def _made(pod: Pod) -> tuple[str, str]:
    return names.config_secret(pod.origin.name), names.files_secret(pod.origin.name)


def _at(pod: Pod, key: str) -> Fields | None:
    return next((at for at in pod.origin.asked_in if at.has(key)), None)


def _secrets(value: str) -> str | None:
    fine = all(map(is_dns_subdomain, _split(value)))
    return None if fine else "must be names of Secrets, separated by commas"


def _secret(value: str) -> str | None:
    return "must be the name of one Secret" if "," in value or _secrets(value) else None


def _keys(value: str) -> str | None:
    fine = all(
        len(key) <= _LONGEST_KEY and _SECRET_KEY.fullmatch(key) and not _of_volumes(key)
        for key in _split(value)
    )
    return None if fine else "must be keys of a Secret, separated by commas"


def _of_volumes(key: str) -> bool:
    """Whether Kubernetes keeps the name for itself where a Secret is mounted."""
    return key == "." or key.startswith("..")


def _port(value: str) -> str | None:
    if value.isascii() and value.isdigit():
        fine = len(value) <= 5 and 1 <= int(value) <= 65535
    else:
        fine = bool(_PORT_NAME.fullmatch(value))
    return None if fine else "must be a port from 1 to 65535 or the name of one"


def _boolean(value: str) -> str | None:
    return None if value in ("true", "false") else 'must be "true" or "false"'


def _split(value: str) -> list[str]:
    return [entry.strip() for entry in value.split(",")]


_READS: dict[str, Callable[[str], str | None]] = {
    names.PORT: _port,
    names.CONFIG_FROM: _secret,
    names.FILE_KEYS: _keys,
    names.ENV_FROM: _secrets,
    names.FILES_FROM: _secrets,
    names.SERVICE_ACCOUNT_TOKEN: _boolean,
}

RULE = PodRule(id="annotations", check=check, overridable=False)
