"""The forms of text that settings accept, and how a person is told about them.

A regular expression in an error message helps nobody; the schema of the settings needs one.
"""

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
NAMESPACED_NAME = r"^[^/]+/[^/]+$"
POD_SECURITY_VERSION = r"^(latest|v1\.(2[5-9]|3[0-7]))$"

ACCEPTED = {
    DNS_LABEL: "lower-case letters, digits and hyphens, such as team-a",
    DNS_SUBDOMAIN: "lower-case letters, digits, hyphens and dots, such as team-a.example",
    NAMESPACED_NAME: "a namespace and a name, such as team-a/github-tools",
    POD_SECURITY_VERSION: "latest, or a version from v1.25 to v1.37",
}
