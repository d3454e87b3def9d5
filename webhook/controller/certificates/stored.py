"""What the two Secrets hold: the authorities, for the controller alone, and the pair to serve.

    mcp-admission-ca    ca.crt ca.key       the authority that issues
                        next.crt next.key   the one that will, during a rotation
                        retired.crt         those before, which are still trusted
    mcp-admission-tls   tls.crt tls.key     what is served
                        ca.crt              the authority that issued it, for `serve --ca-bundle`

Each step of a rotation is one write to one of them.
"""

from dataclasses import dataclass

from certs.authority import Certificate, Pair, issued_by
from certs.bundle import BundleError, parse_certificates, render_bundle
from webhook.controller.certificates.secret import Secret
from webhook.controller.installation import AUTHORITY_SECRET, SERVING_SECRET, Places
from webhook.kube.api import Api


@dataclass(frozen=True)
class Stored:
    """Pairs and certificates as they are stored; `problems` are what is there and unusable."""

    authority: Pair | None
    successor: Pair | None
    retired: tuple[Certificate, ...]
    leaf: Pair | None
    problems: tuple[str, ...]
    authorities: Secret
    serving: Secret

    @property
    def asked_to_replace(self) -> frozenset[str]:
        """Fingerprints of certificates that somebody wants to be renewed."""
        return self.authorities.asked_to_replace | self.serving.asked_to_replace


async def read(api: Api, places: Places) -> Stored:
    """Read both Secrets; what cannot be used counts as absent, and is a problem."""
    authorities = await Secret.read(api, places.secret(AUTHORITY_SECRET))
    serving = await Secret.read(api, places.secret(SERVING_SECRET))
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


def _pair(secret: Secret, name: str, problems: list[str]) -> Pair | None:
    files = secret.files
    certificate, key = files.get(f"{name}.crt"), files.get(f"{name}.key")
    if not certificate and not key:
        return None
    try:
        return Pair.from_pem(certificate or b"", key or b"")
    except ValueError as error:
        problems.append(f"{secret.name}, {name}.crt and {name}.key: {error}")
        return None


def _bundle(secret: Secret, name: str, problems: list[str]) -> list[Certificate]:
    held = secret.files.get(name)
    try:
        return parse_certificates(held, f"{secret.name}, {name}") if held else []
    except BundleError as error:
        problems.append(str(error))
        return []


def _leaf(secret: Secret, problems: list[str]) -> Pair | None:
    """The pair that is served; absent without the authority that servers prove it to."""
    leaf = _pair(secret, "tls", problems)
    if leaf is None:
        return None
    issuers = _bundle(secret, "ca.crt", problems)
    if not any(issued_by(leaf.certificate, issuer) for issuer in issuers):
        problems.append(f"{secret.name}, ca.crt is not the authority that issued tls.crt")
        return None
    return leaf
