"""The forms of text that settings accept, and how a person is told about them.

A regular expression in an error message helps nobody; the schema of the settings needs one.
"""

import re

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

_DNS_SUBDOMAIN, _LONGEST_DNS_SUBDOMAIN = re.compile(DNS_SUBDOMAIN), 253


def is_dns_subdomain(text: str) -> bool:
    """Whether most objects can have this name (RFC 1123, section 2.1, as Kubernetes reads it)."""
    return len(text) <= _LONGEST_DNS_SUBDOMAIN and bool(_DNS_SUBDOMAIN.fullmatch(text))
