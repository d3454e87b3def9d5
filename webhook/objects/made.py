"""Everything that is made: for one server, and for one namespace with servers.

The controller, `review --show-objects` and `audit` all ask here, so that they agree.

A managed namespace carries the six Pod Security labels, while mcpNamespace.podSecurity.enabled.
They are never put on kube-system, the release namespace or one that the settings exclude: the
webhook does not review pods there, and Pod Security would refuse the existing ones.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from webhook import names
from webhook.admission import Scope
from webhook.objects import configuration
from webhook.objects.deployed_server import Refused, Server
from webhook.objects.network_policies import build_access_policy, build_baseline_policy
from webhook.objects.service import build_service
from webhook.settings import Settings

Json = dict[str, Any]
POD_SECURITY_PREFIX = "pod-security.kubernetes.io/"
KUBE_SYSTEM = "kube-system"


class Made(NamedTuple):
    """What is made for a server, and why the rest is not.

    `keeps` are kinds and names of objects that are asked for but refused. Existing ones are kept:
    pods that restart need their Secrets. All other objects of the server that are not among
    `objects` are deleted; a refused policy is deleted at once, because nothing grants it any more.
    `revision` is for the template. None, where the configuration is refused or absent, leaves the
    template alone: the webhook removes a revision when the server opts out.
    """

    objects: tuple[Json, ...] = ()
    refusals: tuple[Refused, ...] = ()
    keeps: tuple[tuple[str, str], ...] = ()
    revision: str | None = None


def server_objects(
    server: Server, settings: Settings, source: Json | None, *, selecting: bool = True
) -> Made:
    """The objects of one server: none below `mode: enforce`."""
    if not settings.enforced:
        return Made()
    return objects_once_enforced(server, settings, source, selecting=selecting)


def objects_once_enforced(
    server: Server, settings: Settings, source: Json | None, *, selecting: bool = True
) -> Made:
    """The objects of one server in `mode: enforce`; one that is refused stops no other.

    `source` is the Secret that config-from names, None where it does not exist.
    `selecting` says whether the pods carry the labels that the Service selects.
    """
    secrets = _unless_refused(lambda: _secrets(server, settings, source), _names_of_secrets(server))
    service = _unless_refused(
        lambda: Made((build_service(server, selecting=selecting),)),
        (("Service", names.service_of(server.name)),),
    )
    policy = _unless_refused(lambda: _present(build_access_policy(server, settings)))
    return Made(
        secrets.objects + service.objects + policy.objects,
        secrets.refusals + service.refusals + policy.refusals,
        secrets.keeps + service.keeps + policy.keeps,
        secrets.revision,
    )


def namespace_objects(
    namespace: str, settings: Settings, release_namespace: str, scope: Scope
) -> tuple[Json, ...]:
    """The objects of a namespace that is managed or has servers: its labels and its baseline.

    Below `mode: enforce` it has none.
    """
    if not settings.enforced:
        return ()
    baseline = build_baseline_policy(namespace, settings, release_namespace, scope)
    if scope is not Scope.MANAGED:
        return _present(baseline).objects
    labels = build_namespace_labels(namespace, settings, release_namespace)
    return _present(labels, baseline).objects


def build_namespace_labels(
    namespace: str, settings: Settings, release_namespace: str
) -> Json | None:
    """Our part of a managed Namespace: its Pod Security labels; None where it gets none."""
    level = settings.mcp_namespace.pod_security
    if not level.enabled or namespace in left_alone(settings, release_namespace):
        return None
    labels = {
        f"{POD_SECURITY_PREFIX}enforce": level.enforce,
        f"{POD_SECURITY_PREFIX}enforce-version": level.enforce_version,
        f"{POD_SECURITY_PREFIX}audit": level.audit,
        f"{POD_SECURITY_PREFIX}audit-version": level.audit_version,
        f"{POD_SECURITY_PREFIX}warn": level.warn,
        f"{POD_SECURITY_PREFIX}warn-version": level.warn_version,
    }
    metadata = {"name": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def left_alone(settings: Settings, release_namespace: str) -> frozenset[str]:
    """The namespaces in which nothing is reviewed or made."""
    return frozenset({KUBE_SYSTEM, release_namespace, *settings.excluded_namespaces})


def _secrets(server: Server, settings: Settings, source: Json | None) -> Made:
    configuration.check_copies(server, settings)
    content = configuration.read_configuration(server, source)
    made = _present(
        configuration.build_config_secret(server, content),
        configuration.build_files_secret(server, content),
    )
    known = content is not None and content.source_uid
    return made._replace(revision=configuration.revision(content) if known else None)


def _names_of_secrets(server: Server) -> tuple[tuple[str, str], ...]:
    return (
        ("Secret", names.config_secret_of(server.name)),
        ("Secret", names.files_secret_of(server.name)),
    )


def _present(*objects: Json | None) -> Made:
    return Made(tuple(each for each in objects if each is not None))


def _unless_refused(make: Callable[[], Made], keeps: tuple[tuple[str, str], ...] = ()) -> Made:
    try:
        return make()
    except Refused as refusal:
        # The one that was raised holds, by its traceback, every value that it was about.
        return Made(refusals=(Refused(refusal.reason, *refusal.sentences),), keeps=keeps)
