"""The forms of text that settings accept, and how an error message names them.

The schema of the settings needs a regular expression; an error message needs words. A misspelled
name gets the known name that is closest to it.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
NAMESPACED_NAME = r"^[^/]+/[^/]+$"
LABEL_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
LABEL_DOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
LABEL_KEY = rf"^({LABEL_DOMAIN}/)?{LABEL_NAME}$"
LABEL_VALUE = rf"^({LABEL_NAME})?$"
RESOURCE_NAME = (
    r"^(cpu|memory|ephemeral-storage|hugepages-[1-9][0-9]*[KMGTPE]i"
    rf"|{LABEL_DOMAIN}/{LABEL_NAME})$"
)
POD_SECURITY_VERSION = r"^(latest|v1\.(2[5-9]|3[0-7]))$"

ACCEPTED = {
    DNS_LABEL: "lower-case letters, digits and hyphens, such as team-a",
    DNS_SUBDOMAIN: "lower-case letters, digits, hyphens and dots, such as team-a.example",
    NAMESPACED_NAME: "a namespace and a name, such as team-a/github-tools",
    LABEL_KEY: "letters, digits, hyphens, dots and underscores, such as example.com/pool",
    LABEL_VALUE: "at most 63 letters, digits, hyphens, dots and underscores, such as tools",
    RESOURCE_NAME: (
        "cpu, memory, ephemeral-storage, hugepages-2Mi, or one with a domain, such as "
        "example.com/gpu"
    ),
    POD_SECURITY_VERSION: "latest, or a version from v1.25 to v1.37",
}

_MOST = 15
_LONGEST = 100  # of a name that is compared with others

_DNS_SUBDOMAIN, _LONGEST_DNS_SUBDOMAIN = re.compile(DNS_SUBDOMAIN), 253


def is_dns_subdomain(text: str) -> bool:
    """Whether most objects can have this name (RFC 1123, section 2.1, as Kubernetes reads it)."""
    return len(text) <= _LONGEST_DNS_SUBDOMAIN and bool(_DNS_SUBDOMAIN.fullmatch(text))


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known name that a misspelled one is closest to; None where none is so much alike."""
    names = {_plain(name): name for name in known}
    near = get_close_matches(_plain(word), names, 1, alike) if len(word) <= _LONGEST else []
    return names[near[0]] if near else None


def listed(words: Sequence[str], last: str, most: int = _MOST) -> str:
    """The words as a list in a sentence: `a, b and c`; of many the first, and how many more."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def _plain(word: str) -> str:
    """The word without what people mistake for each other: case, hyphens and underscores."""
    return word.lower().replace("_", "-")
