"""What the webhook configurations trust: the caBundle of each of their entries.

Nothing else of a configuration is ever written.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.controller.installation import Installation
from webhook.kube.api import Api
from webhook.kube.errors import ApiError, NotFound

# A configuration with one of these annotations gets its caBundle from cert-manager.
INJECTED = "cert-manager.io/inject-"


@dataclass(frozen=True)
class WebhookEntry:
    """One webhook of a configuration, and what it trusts."""

    name: str
    at: str
    bundle: bytes | None


@dataclass(frozen=True)
class WebhookConfiguration:
    """A webhook configuration, as it was seen."""

    name: str
    path: str
    version: str
    injector: str | None
    entries: tuple[WebhookEntry, ...]


class Contested(ApiError):  # noqa: N818 - it says what was found
    """cert-manager writes the caBundle of a configuration: it is left as it is."""

    def __init__(self, configuration: str, injector: str) -> None:
        sentence = (
            f"{configuration} gets its caBundle from cert-manager ({injector}): remove the "
            "annotation, or start with --certificates cert-manager"
        )
        super().__init__(0, "Contested", sentence)


async def read_configurations(api: Api, installation: Installation) -> list[WebhookConfiguration]:
    """The configurations that there are."""
    found = []
    for kind, path in installation.configurations().items():
        try:
            found.append(_configuration(kind, path, await api.get(path)))
        except NotFound:
            continue
    return found


def ca_bundles(configurations: Sequence[WebhookConfiguration]) -> dict[str, bytes | None]:
    """What each entry trusts, by a unique name."""
    return {
        entry.name: entry.bundle
        for configuration in configurations
        for entry in configuration.entries
    }


async def publish_bundle(
    api: Api, configurations: Sequence[WebhookConfiguration], names: Collection[str], pem: bytes
) -> None:
    """Let these entries trust the bundle, unless their configuration has changed since it was read.

    One that cannot be written does not keep the others from it; its error is raised at the end.
    """
    failures: list[ApiError] = []
    for configuration in configurations:
        entries = [entry for entry in configuration.entries if entry.name in names]
        if entries:
            try:
                await _write(api, configuration, entries, pem)
            except ApiError as error:
                failures.append(error)
    if failures:
        raise failures[0]


async def _write(
    api: Api, configuration: WebhookConfiguration, entries: Sequence[WebhookEntry], pem: bytes
) -> None:
    if configuration.injector:
        raise Contested(configuration.name, configuration.injector)
    value = base64.b64encode(pem).decode()
    seen = {"op": "test", "path": "/metadata/resourceVersion", "value": configuration.version}
    edits = [{"op": "add", "path": entry.at, "value": value} for entry in entries]
    await api.patch(configuration.path, [seen, *edits], kind="json")


def _configuration(kind: str, path: str, found: Mapping[str, Any]) -> WebhookConfiguration:
    metadata = found["metadata"]
    annotations = metadata.get("annotations") or {}
    name = f"{kind} {metadata['name']}"
    return WebhookConfiguration(
        name=name,
        path=path,
        version=metadata["resourceVersion"],
        injector=next((key for key in sorted(annotations) if key.startswith(INJECTED)), None),
        entries=tuple(
            WebhookEntry(
                name=f"{name}, webhook {webhook['name']}",
                at=f"/webhooks/{index}/clientConfig/caBundle",
                bundle=base64.b64decode(webhook["clientConfig"].get("caBundle") or "") or None,
            )
            for index, webhook in enumerate(found.get("webhooks") or [])
        ),
    )
