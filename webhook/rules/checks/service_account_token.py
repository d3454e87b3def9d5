"""A server holds no credential of the cluster unless it asks for one and may have it.

Field    spec.automountServiceAccountToken, spec.volumes of pods, volumeMounts of every container
Absent   false; the volume that the ServiceAccount plugin added to a pod is removed with its mounts
Refused  true, and every other projected token or pod certificate, unless the annotation
         mcp-admission.dev/service-account-token asks and the setting serviceAccountTokens allows
Source   mcp-admission; the plugin runs before webhooks, so the field alone changes nothing on
         pods; KEP-4317 pod certificates, on by default since v1.37
"""

from collections.abc import Iterator
from typing import Any

from webhook import names
from webhook.rules.rule import Fields, Pod, PodHead, PodRule, Settings, Violation

ANNOTATION = names.SERVICE_ACCOUNT_TOKEN
KEY = "automountServiceAccountToken"
CREDENTIALS = ("serviceAccountToken", "podCertificate")
PREFIX = "kube-api-access-"
ROOT_CAS = ("kube-root-ca.crt", "openshift-service-ca.crt")


def fill(pod: Pod, settings: Settings) -> None:
    """Switch the token off, and take away what the plugin has already mounted."""
    if _allowed(pod, settings):
        return
    pod.spec.default(KEY, False)  # noqa: FBT003
    if not pod.origin.template and pod.spec.get(KEY) is False:
        _unmount(pod)


def check(pod: Pod, settings: Settings) -> list[Violation]:
    """Refuse every token that is left, and warn an author who asked and gets none."""
    found: list[Violation] = []
    if _allowed(pod, settings):
        return found
    for annotations in pod.origin.annotations:
        if annotations.get(ANNOTATION) == "true":
            sentence, detail = "is not allowed here", ": ask the cluster administrator"
            found.append(annotations.violation(ANNOTATION, sentence, detail=detail, advice=True))
            break
    if pod.spec.get(KEY) is not False:
        detail = f": {ANNOTATION} does not ask, or is not allowed to"
        found.append(pod.violation(KEY, "must be false", detail=detail))
    for volume in pod.spec.items_with("volumes", "projected"):
        for source in volume.child("projected").items("sources"):
            for key in CREDENTIALS:
                if source.get(key) is not None:
                    found.append(source.violation(key, "is not allowed"))  # noqa: PERF401
    return found


def notice(pod: PodHead, settings: Settings) -> Iterator[Violation]:
    """Warn an author who names an account and says nothing about its token, which is gone then."""
    of_workload = pod.origin.owner and not pod.origin.template
    key = "serviceAccountName" if pod.spec.has("serviceAccountName") else "serviceAccount"
    named = pod.spec.get(key) not in (None, "", "default")
    silent = pod.spec.get(KEY) is None and pod.origin.annotation(ANNOTATION) is None
    if of_workload or not named or not silent:
        return
    if _granted(pod, settings):
        yield pod.spec.violation(key, f'gets no token: ask by {ANNOTATION}: "true"', advice=True)
    else:
        sentence = "gets no token, and none may be asked for here"
        detail = ": ask the cluster administrator"
        yield pod.spec.violation(key, sentence, detail=detail, advice=True)


def _allowed(pod: Pod, settings: Settings) -> bool:
    return pod.origin.annotation(ANNOTATION) == "true" and _granted(pod, settings)


def _granted(pod: PodHead, settings: Settings) -> bool:
    """Whether the settings let this server have its token."""
    tokens = settings.service_account_tokens
    policy = tokens.managed if pod.origin.managed else tokens.opted_in
    if policy == "allow":
        return True
    server = (pod.origin.namespace, pod.labels.get(names.NAME))
    return server in (
        (namespace, names.identity(name))
        for namespace, _, name in (entry.partition("/") for entry in tokens.names)
    )


def _unmount(pod: Pod) -> None:
    volumes = {
        volume["name"]
        for volume in pod.spec.list("volumes")
        if _is_named(volume) and _of_plugin(volume.get("projected"))
    }
    if volumes:
        for container in pod.containers:
            _drop(container.fields, "volumeMounts", volumes)
        _drop(pod.spec, "volumes", volumes)


def _is_named(item: Any) -> bool:
    """Whether a volume, or the mount of one, has a name that the plugin gives."""
    name = item.get("name") if type(item) is dict else None
    return isinstance(name, str) and name.startswith(PREFIX)


def _of_plugin(projected: Any) -> bool:
    """Whether a projected volume has exactly the sources that the ServiceAccount plugin writes."""
    sources = projected.get("sources") if type(projected) is dict else None
    return bool(sources) and type(sources) is list and all(map(_source_of_plugin, sources))


def _source_of_plugin(source: Any) -> bool:
    if type(source) is not dict:
        return False
    token = source.get("serviceAccountToken")
    if type(token) is dict and token.get("path") == "token":
        return not token.get("audience")
    authorities = source.get("configMap")
    if type(authorities) is dict and "name" in authorities:
        return authorities["name"] in ROOT_CAS
    fields = source.get("downwardAPI")
    items = fields.get("items") if type(fields) is dict else None
    if type(items) is not list or len(items) != 1 or type(items[0]) is not dict:
        return False
    return bool(items[0].get("path") == "namespace")


def _drop(fields: Fields, key: str, volumes: set[str]) -> None:
    items = fields.list(key)
    unwanted = [
        at
        for at, item in enumerate(items)
        if type(item) is dict and type(name := item.get("name")) is str and name in volumes
    ]
    if unwanted and len(unwanted) == len(items):
        fields.remove(key)
    else:
        for at in reversed(unwanted):
            fields.remove(key, at)


RULE: PodRule = PodRule(
    id="service-account-token", fill=fill, check=check, notice=notice, overridable=False
)
