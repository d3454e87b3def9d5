"""What two Secrets hold: the authorities, for the controller alone, and the pair to serve.

    mcp-admission-ca    ca.crt ca.key       the authority that issues
                        next.crt next.key   the one that will, during a rotation
                        retired.crt         those before, which are still trusted
    mcp-admission-tls   tls.crt tls.key     what is served
                        ca.crt              the authority that issued it, for `serve --ca-bundle`

The console has two like them: mcp-admission-console-ca and mcp-admission-console-tls. Each step of
a rotation is one write to one of them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certs.authority import Certificate, Pair, issued_by
from certs.bundle import BundleError, parse_certificates, render_bundle
from webhook import names
from webhook.controller.installation import (
    AUTHORITY_SECRET,
    OWN_LABELS,
    SERVING_SECRET,
    Installation,
    is_own,
)
from webhook.kube import Api, NotFound

REPLACE = names.PREFIX + "replace"


@dataclass(frozen=True)
class SecretFiles:
    """One Secret, which may not be there; nothing of it is in a repr."""

    path: str
    found: Mapping[str, Any] | None = field(repr=False)

    @classmethod
    async def read(cls, api: Api, path: str) -> "SecretFiles":
        """Read it; raises ApiError for everything but that it is not there."""
        try:
            return cls(path, await api.get(path))
        except NotFound:
            return cls(path, None)

    @property
    def name(self) -> str:
        """Its name, for messages."""
        return "Secret " + self.path.rpartition("/")[2]

    @property
    def files(self) -> dict[str, bytes]:
        """What it holds; empty when it is not there."""
        held = (self.found or {}).get("data") or {}
        return {key: base64.b64decode(value) for key, value in held.items()}

    @property
    def asked_to_replace(self) -> frozenset[str]:
        """Fingerprints of certificates that `certs rotate` asks to renew."""
        annotations = (self.found or {}).get("metadata", {}).get("annotations") or {}
        return frozenset(annotations.get(REPLACE, "").replace(",", " ").split())

    async def write(self, api: Api, files: Mapping[str, bytes], kind: str) -> None:
        """Let it hold these files alone; raises Conflict when it is not what was read."""
        data = {key: base64.b64encode(content).decode() for key, content in files.items()}
        metadata = (self.found or {}).get("metadata", {})
        labels = {**(metadata.get("labels") or {}), **OWN_LABELS}
        if self.found is not None:
            body = {**self.found, "metadata": {**metadata, "labels": labels}, "data": data}
            await api.replace(self.path, body)
            return
        folder, _, name = self.path.rpartition("/")
        body = {"apiVersion": "v1", "kind": "Secret", "type": kind, "data": data}
        await api.create(folder, {**body, "metadata": {"name": name, "labels": labels}})

    @property
    def is_ours(self) -> bool:
        """Whether it was written by us, not by cert-manager or by hand."""
        return is_own((self.found or {}).get("metadata", {}))


@dataclass(frozen=True)
class Stored:
    """Pairs and certificates as they are stored; `problems` are what is there and unusable."""

    authority: Pair | None
    successor: Pair | None
    retired: tuple[Certificate, ...]
    leaf: Pair | None
    problems: tuple[str, ...]
    authorities: SecretFiles
    serving: SecretFiles

    @property
    def asked_to_replace(self) -> frozenset[str]:
        """Fingerprints of certificates that `certs rotate` asks to renew."""
        return self.authorities.asked_to_replace | self.serving.asked_to_replace


async def read_stored(
    api: Api,
    installation: Installation,
    secrets: tuple[str, str] = (AUTHORITY_SECRET, SERVING_SECRET),
) -> Stored:
    """Read both Secrets; what cannot be used counts as absent, and is a problem."""
    authorities, serving = [
        await SecretFiles.read(api, installation.secret(name)) for name in secrets
    ]
    problems: list[str] = []
    return Stored(
        authority=_pair(authorities, "ca", problems),
        successor=_pair(authorities, "next", problems),
        retired=tuple(_bundle(authorities, "retired.crt", problems)),
        leaf=_leaf(serving, problems),
        problems=tuple(problems),
        authorities=authorities,
        serving=serving,
    )


async def write_authorities(
    api: Api,
    stored: Stored,
    authority: Pair,
    successor: Pair | None,
    retired: tuple[Certificate, ...],
) -> None:
    """Store these authorities in one write, over those that were read."""
    files = _files("ca", authority)
    if successor is not None:
        files |= _files("next", successor)
    if retired:
        files["retired.crt"] = render_bundle(retired)
    await stored.authorities.write(api, files, "Opaque")


async def write_leaf(api: Api, stored: Stored, leaf: Pair, authority: Pair) -> None:
    """Store this leaf and who issued it, over the one that was read."""
    files = _files("tls", leaf) | {"ca.crt": authority.certificate_pem}
    await stored.serving.write(api, files, "kubernetes.io/tls")


def _files(name: str, pair: Pair) -> dict[str, bytes]:
    return {f"{name}.crt": pair.certificate_pem, f"{name}.key": pair.key_pem}


def _pair(secret: SecretFiles, name: str, problems: list[str]) -> Pair | None:
    files = secret.files
    certificate, key = files.get(f"{name}.crt"), files.get(f"{name}.key")
    if not certificate and not key:
        return None
    try:
        return Pair.from_pem(certificate or b"", key or b"")
    except ValueError as error:
        problems.append(f"{secret.name}, {name}.crt and {name}.key: {error}")
        return None


def _bundle(secret: SecretFiles, name: str, problems: list[str]) -> list[Certificate]:
    held = secret.files.get(name)
    try:
        return parse_certificates(held, f"{secret.name}, {name}") if held else []
    except BundleError as error:
        problems.append(str(error))
        return []


def _leaf(secret: SecretFiles, problems: list[str]) -> Pair | None:
    """The pair that is served; absent without the authority that servers prove it to."""
    leaf = _pair(secret, "tls", problems)
    if leaf is None:
        return None
    issuers = _bundle(secret, "ca.crt", problems)
    if not any(issued_by(leaf.certificate, issuer) for issuer in issuers):
        problems.append(f"{secret.name}, ca.crt is not the authority that issued tls.crt")
        return None
    return leaf
