"""What no page has to think about: who sent a request, how large it is, and what browsers may do.

A browser with a session sends its cookie to this address whoever made it ask. So each request names
a host that is ours, against names that are bound to our address later, and each form comes from one
of our own pages.
"""

import time
from collections.abc import Callable, Collection
from ipaddress import IPv6Address, ip_address
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from multidict import MultiDict

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine, which nobody else can have."""
FORM = "application/x-www-form-urlencoded"
LARGEST_FORM, MOST_FIELDS = 256 * 1024, 2000
# A form that is kept beyond the end of its session is sent once more, inside another one.
LARGEST_BODY = 4 * LARGEST_FORM
READING = ("GET", "HEAD")
ATTEMPTS_EACH, ATTEMPTS, ATTEMPTS_SECONDS = 20, 200, 60.0
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
    """Refuses requests that no page of ours, and nobody at a browser, has sent."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = LOCAL_HOSTS | {host.lower() for host in hosts}

    def check(self, request: web.Request) -> None:
        """Raise an HTTP error with a sentence for what is not to be answered."""
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._hosts:
            raise web.HTTPMisdirectedRequest(
                text="The console is not known under the host name of this address. Name it with "
                "--host where the console is started, or use an address that it knows."
            )
        if request.method not in READING and not _is_from(request, hosts[0]):
            raise web.HTTPForbidden(
                text="This form was not sent by a page of the console. Open the page, and send it "
                "from there."
            )


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "") if "@" not in host else ""
    except ValueError:
        return ""


def _is_from(request: web.Request, host: str) -> bool:
    """Whether what a browser says of where a form comes from is our address, or nothing.

    The token in the form is checked, whatever is said here.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin"):
        return False
    if origin is None:
        return True
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


async def read_form(request: web.Request, largest: int = LARGEST_FORM) -> MultiDict[str]:
    """The fields of a form, in their order; raises an HTTP error with a sentence."""
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType(text=f"A form of the console is sent as {FORM}.")
    too_large = web.HTTPRequestEntityTooLarge(
        max_size=largest,
        actual_size=request.content_length or 0,
        text=f"The form is larger than {largest // 1024} KiB, or has more than {MOST_FIELDS} "
        "fields. Send less at a time.",
    )
    if (request.content_length or 0) > largest:
        raise too_large
    body = await request.read()
    if len(body) > largest or body.count(b"&") >= MOST_FIELDS:
        raise too_large
    text = body.decode("ascii", "replace")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="replace"))


class SignInAttempts:
    """How often signing in may fail in a minute: from one address, and in all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._ends = clock, float("-inf")
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
        if used >= ATTEMPTS_EACH or sum(self._count.values()) >= ATTEMPTS:
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
