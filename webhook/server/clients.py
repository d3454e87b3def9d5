"""Which clients may ask for reviews, by the names in their certificates.

The client authority of a cluster may sign for many; only one of them is the API server. OpenSSL
has proven the certificate in the handshake, here its names are looked at.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from webhook.server.intake import RejectedError


def check(request: web.Request, allowed: frozenset[str]) -> None:
    """Raise RejectedError (403) unless the client has one of these names; none allow everybody."""
    if not allowed:
        return
    certificate = request.get_extra_info("peercert") or {}
    if allowed.isdisjoint(names(certificate)):
        raise RejectedError(
            HTTPStatus.FORBIDDEN,
            "the names in this client's certificate are none of those that --client-name allows",
        )


def names(certificate: Mapping[str, Any]) -> Iterator[str]:
    """Common names and subjectAltNames of a certificate as the ssl module tells them."""
    for parts in certificate.get("subject", ()):
        for kind, value in parts:
            if kind == "commonName":
                yield value
    for _, value in certificate.get("subjectAltName", ()):
        yield value
