"""The labels, annotations and names that mcp-admission uses."""

import hashlib
import re

PREFIX = "mcp-admission.dev/"

SERVER = PREFIX + "server"
NAME = PREFIX + "name"
MANAGED = PREFIX + "managed"
GATEWAY = PREFIX + "gateway"
GATE = PREFIX + "isolation"
GATES = "schedulingGates"

CONTAINER = PREFIX + "container"
PORT = PREFIX + "port"
CONFIG_FROM = PREFIX + "config-from"
FILE_KEYS = PREFIX + "file-keys"
ENV_FROM = PREFIX + "env-from"
FILES_FROM = PREFIX + "files-from"
SERVICE_ACCOUNT_TOKEN = PREFIX + "service-account-token"
EGRESS = PREFIX + "egress"
INGRESS_FROM = PREFIX + "ingress-from"

MANAGED_BY = "app.kubernetes.io/managed-by"
PRODUCT = "mcp-admission"
RELEASE_NAMESPACE = "mcp-admission-system"
"""The namespace of the product in its manifests, and the default where a command needs one."""

PROBE_POD = "mcp-admission-probe-"
"""How the names of the pods begin that the controller asks the API server for, as dry runs."""

INJECTED = PREFIX + "injected"
REVISION = PREFIX + "revision"
REPORT_DIGEST = PREFIX + "report-digest"
POD_SECURITY_BEFORE = PREFIX + "pod-security-before"
FORMER = PREFIX + "former"
"""On a Deployment that `apply` rolls: the digest of the template before."""

LABELS = (SERVER, NAME)
USER_ANNOTATIONS = (
    CONTAINER,
    PORT,
    CONFIG_FROM,
    FILE_KEYS,
    ENV_FROM,
    FILES_FROM,
    SERVICE_ACCOUNT_TOKEN,
    EGRESS,
    INGRESS_FROM,
)
SECRETS = (CONFIG_FROM, FILE_KEYS, ENV_FROM, FILES_FROM)
READ_BY_PODS = (CONTAINER, SERVICE_ACCOUNT_TOKEN)
FOR_DEPLOYMENTS = (PORT, CONFIG_FROM, FILE_KEYS, EGRESS, INGRESS_FROM)

REDIRECTING = frozenset({"kubernetes", "kubernetes-service"})
"""Services of these names, in any namespace, lead its pods' clients of the API server astray.

A kubelet makes KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT of the first, and a second
KUBERNETES_SERVICE_PORT of the other, in every pod with service links.
"""

_SUFFIXES = ("-mcp-config", "-mcp-files", "-mcp-access", "-mcp")
_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 40


def identity(name: str) -> str:
    """The value of the identity label, and the beginning of the names of what is made for a server.

    The name itself when it is a DNS-1035 label of at most 40 characters; else its first 31 legal
    characters and 8 hex digits of its SHA-256, because names of Services and values of labels
    end at 63 characters where Deployments may have 253.
    """
    if len(name) <= _LONGEST and _DNS_1035.fullmatch(name):
        return name
    legal = re.sub(r"[^-a-z0-9]", "-", name.lower()).lstrip("-0123456789") or "mcp"
    return f"{legal[:31].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def identity_of(made: str) -> str | None:
    """The identity of the server whose object may have this name; None where none may."""
    suffix = next(filter(made.endswith, _SUFFIXES), None)
    return made.removesuffix(suffix) if suffix else None


def service_of(name: str) -> str:
    """The Service of the server of that name; `<name>` itself is left to the server's author."""
    return f"{identity(name)}-mcp"


def former_service_of(name: str) -> str:
    """What the Service of the server of that name was called by earlier versions."""
    return identity(name)


def config_secret_of(name: str) -> str:
    """The Secret with the environment of the server of that name."""
    return f"{identity(name)}-mcp-config"


def files_secret_of(name: str) -> str:
    """The Secret with the files of the server of that name."""
    return f"{identity(name)}-mcp-files"


def access_policy_of(name: str) -> str:
    """The NetworkPolicy with what the server of that name may do beyond the baseline."""
    return f"{identity(name)}-mcp-access"


def report_of(name: str) -> str:
    """The report on what the rules say about the server of that name."""
    return f"{identity(name)}-mcp-report"
