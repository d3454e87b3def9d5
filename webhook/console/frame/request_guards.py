"""What no page has to think about: who sent a request, and what browsers may do with an answer.

A browser with a session sends its cookie to this address whoever made it ask. So each request names
a host that is ours, against names that are bound to our address later, and each form comes from one
of our own pages.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp import web

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine, which nobody else can have."""
READING = ("GET", "HEAD")
ATTEMPTS_EACH, ATTEMPTS, ATTEMPTS_SECONDS = 20, 200, 60.0
MOST_VISITS, MOST_FORMS = 64, 16
"""Requests of one household that are answered at a time, and those of them that send a form."""
NO_STORE = "no-store"
STRICT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not `no-referrer`: with it, browsers do not say which page a form is from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


async def set_strict_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Set what every answer has; one that may be stored says so itself."""
    response.headers.update(STRICT_HEADERS)
    response.headers.setdefault("Cache-Control", NO_STORE)


class RequestGuards:
    """Refuses requests that no page of ours, and nobody at a browser, has sent.

    With `secure`, browsers come by TLS: whoever stands between them and us can be a page of our
    name without it.
    """

    def __init__(self, hosts: Collection[str], *, secure: bool = False) -> None:
        self._hosts = LOCAL_HOSTS | {host.lower() for host in hosts}
        self._secure = secure

    def check(self, request: web.Request) -> None:
        """Raise an HTTP error with a sentence for what is not to be answered."""
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._hosts:
            raise web.HTTPMisdirectedRequest(
                text="The console is not known under the host name of this address. Use an address "
                "that it knows, or name this one with --host where it runs in a cluster."
            )
        if request.method not in READING and not self._is_from_us(request, hosts[0]):
            raise web.HTTPForbidden(
                text="This form was not sent by a page of the console. Open the page, and send it "
                "from there."
            )

    def _is_from_us(self, request: web.Request, host: str) -> bool:
        """Whether what a browser says of where a form comes from is our address, or nothing.

        The token in the form is checked, whatever is said here.
        """
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site not in (None, "same-origin"):
            return False
        if origin is None:
            return True
        scheme, _, place = origin.partition("://")
        plain = scheme == "http" and (not self._secure or _host_name(host) in LOCAL_HOSTS)
        return (scheme == "https" or plain) and place.lower() == host.lower()


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "") if "@" not in host else ""
    except ValueError:
        return ""


class SignInAttempts:
    """How often signing in may fail in a minute: from one address, and in all."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, each: int = ATTEMPTS_EACH
    ) -> None:
        self._clock, self._each, self._ends = clock, each, float("-inf")
        self._count: dict[str, int] = {}

    def begin(self, peer: str | None) -> Callable[[], None]:
        """Count an attempt before it is known what becomes of it; raises 429 for one too many.

        Who is admitted calls what is returned: then it does not count.
        """
        now = self._clock()
        if now >= self._ends:
            self._ends = now + ATTEMPTS_SECONDS
            self._count.clear()
        network = _network(peer)
        used = self._count.get(network, 0)
        # So there are never more addresses than attempts.
        if used >= self._each or sum(self._count.values()) >= ATTEMPTS:
            raise web.HTTPTooManyRequests(
                headers={"Retry-After": str(max(1, round(self._ends - now)))},
                text="Signing in has failed too often. Wait a minute, then try again.",
            )
        self._count[network] = used + 1

        def admitted() -> None:
            if self._count.get(network):
                self._count[network] -= 1

        return admitted


def _network(peer: str | None) -> str:
    """An address; of IPv6 the network of 64 bits, all of which one client has."""
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)


class VisitsUnderWay:
    """How many requests of a household are answered at a time, so that others find room.

    One whose browser has left is answered to its end, and counts until then.
    """

    def __init__(self, most: int) -> None:
        self._most, self._count = most, Counter[str]()

    @contextmanager
    def counted(self, household: str) -> Iterator[None]:
        """Count a request meanwhile; raises 429 for one too many."""
        if self._count[household] >= self._most:
            raise web.HTTPTooManyRequests(
                headers={"Retry-After": "5"},
                text="Too many pages of yours are being made. Wait for them, or close some.",
            )
        self._count[household] += 1
        try:
            yield
        finally:
            self._count[household] -= 1
            if not self._count[household]:
                del self._count[household]
