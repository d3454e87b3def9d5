"""Everything that is made: for one server, and for one namespace with servers.

The controller, `review --show-objects` and `audit` all ask here, so that they agree.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from webhook import names
from webhook.objects.config_secret import config_secret
from webhook.objects.configuration import configuration
from webhook.objects.deployed_server import Server
from webhook.objects.files_secret import files_secret
from webhook.objects.namespace_labels import namespace_labels
from webhook.objects.network_policy_baseline import network_policy_baseline
from webhook.objects.network_policy_server import network_policy_server
from webhook.objects.refusal import Refused
from webhook.objects.revision import revision
from webhook.objects.service import service
from webhook.settings.model import Settings

Json = dict[str, Any]


class Made(NamedTuple):
    """What is made for a server, and why the rest is not.

    `keeps` are kinds and names of objects that are wanted but refused and stay as they are where
    they exist: pods that restart need their Secrets. Whatever else of the server's is not among
    `objects` goes; a policy that is refused goes at once, because nothing grants it any more.
    `revision` is for the template; None, where the configuration is refused or there is none,
    leaves the template alone: the webhook takes a revision out when the server opts out.
    """

    objects: tuple[Json, ...] = ()
    refusals: tuple[Refused, ...] = ()
    keeps: tuple[tuple[str, str], ...] = ()
    revision: str | None = None


def of_server(
    server: Server, settings: Settings, source: Json | None, *, selecting: bool = True
) -> Made:
    """The objects of one server; one that is refused stops no other.

    `source` is the Secret that config-from names, None where there is none of the name.
    `selecting` says whether the pods carry the labels that the Service selects.
    """
    parts = (
        _unless_refused(lambda: _configured(server, source), _secrets(server)),
        _unless_refused(
            lambda: Made((service(server, selecting=selecting),)),
            (("Service", names.service_of(server.name)),),
        ),
        _unless_refused(lambda: _present(network_policy_server(server, settings))),
    )
    return Made(
        tuple(each for part in parts for each in part.objects),
        tuple(each for part in parts for each in part.refusals),
        tuple(each for part in parts for each in part.keeps),
        parts[0].revision,
    )


def of_namespace(
    namespace: str, settings: Settings, release_namespace: str, *, managed: bool
) -> tuple[Json, ...]:
    """The objects of a namespace that is managed or has servers: its labels and its baseline."""
    labels = namespace_labels(namespace, settings, release_namespace) if managed else None
    baseline = network_policy_baseline(namespace, settings, release_namespace, managed=managed)
    return _present(labels, baseline).objects


def _configured(server: Server, source: Json | None) -> Made:
    content = configuration(server, source)
    made = _present(config_secret(server, content), files_secret(server, content))
    known = content is not None and content.source_uid
    return made._replace(revision=revision(content) if known else None)


def _secrets(server: Server) -> tuple[tuple[str, str], ...]:
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
        return Made(refusals=(refusal,), keeps=keeps)
