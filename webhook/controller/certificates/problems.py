"""What is wrong with the certificates in a cluster, whoever issues them; a sentence for each fault.

Each replica and each configuration is judged as an API server would: with the bundle that is
published, and the certificate that is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from certs.authority import Certificate
from certs.bundle import BundleError, parse_certificates
from certs.verification import Text, verify
from webhook.controller.certificates.secret import Secret
from webhook.controller.installation import Places


@dataclass(frozen=True)
class Seen:
    """The pair that is stored, what is published, and what the replicas that answer show."""

    serving: Secret
    published: Mapping[str, bytes | None]
    shown: Mapping[str, Certificate | None]


def stored_certificate(serving: Secret) -> Certificate | None:
    """The certificate that is to be served, where one can be read."""
    try:
        return parse_certificates(serving.files.get("tls.crt", b""), serving.name)[0]
    except BundleError:
        return None


def faults(seen: Seen, places: Places, now: datetime) -> list[str]:
    """Each fault once, in the order of who is to mend it: stored, published, served."""
    found = [*_of_pair(seen, places, now), *_of_replicas(seen)]
    return list(dict.fromkeys(found))


def _of_pair(seen: Seen, places: Places, now: datetime) -> Iterator[str]:
    """What an API server with each of the bundles would not take."""
    if seen.serving.found is None:
        yield f"{seen.serving.name} is not there: nothing can be served"
        return
    files, name = seen.serving.files, seen.serving.name
    chain = Text(f"tls.crt of {name}", files.get("tls.crt", b""))
    key = Text(f"tls.key of {name}", files.get("tls.key", b""))
    for entry, bundle in seen.published.items():
        if not bundle:
            yield f"{entry}: caBundle is empty, every call fails"
            continue
        authorities = Text(f"caBundle of {entry}", bundle)
        try:
            service = f"{places.service}.{places.namespace}"
            yield from verify(chain, key, authorities, service, now).faults
        except BundleError as error:
            yield str(error)


def _of_replicas(seen: Seen) -> Iterator[str]:
    stored = stored_certificate(seen.serving)
    for name, shown in seen.shown.items():
        if shown is None:
            yield f"{name} does not answer"
        elif shown != stored:
            yield f"{name} does not serve the certificate of {seen.serving.name} yet"
