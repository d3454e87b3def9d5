"""The environment variables of the reference deployment: those we read, and the others.

Names and formats are those that it reads itself: texts, booleans as Go writes them, JSON, lists
separated by commas.
"""

from difflib import SequenceMatcher

PREFIX = "OBOT_SERVER_MCP"
_LONGEST = 100

_DEFAULTS = "mcpServerDefaults"
_MAXIMUMS = "mcpServerMaximums"
_POD_SECURITY = ("mcpNamespace", "podSecurity")
_OF_POD_SECURITY = f"{PREFIX}POD_SECURITY_"

ENABLED = f"{_OF_POD_SECURITY}ENABLED"
PULL_SECRETS = f"{PREFIX}IMAGE_PULL_SECRETS"
JSON = {
    f"{PREFIX}K8S_SETTINGS_AFFINITY": (_DEFAULTS, "affinity"),
    f"{PREFIX}K8S_SETTINGS_TOLERATIONS": (_DEFAULTS, "tolerations"),
    f"{PREFIX}K8S_SETTINGS_RESOURCES": (_DEFAULTS, "resources"),
}
CEILINGS = {
    f"{PREFIX}K8S_MAX_CPUREQUEST": (_MAXIMUMS, "requests", "cpu"),
    f"{PREFIX}K8S_MAX_MEMORY_REQUEST": (_MAXIMUMS, "requests", "memory"),
    f"{PREFIX}K8S_MAX_CPULIMIT": (_MAXIMUMS, "limits", "cpu"),
    f"{PREFIX}K8S_MAX_MEMORY_LIMIT": (_MAXIMUMS, "limits", "memory"),
}
VARIABLES: dict[str, tuple[str, ...]] = {
    f"{PREFIX}K8S_SETTINGS_RUNTIMECLASSNAME": (_DEFAULTS, "runtimeClassName"),
    f"{PREFIX}K8S_SETTINGS_RUNTIME_CLASS_NAME": (_DEFAULTS, "runtimeClassName"),
    f"{PREFIX}BASE_IMAGE": (_DEFAULTS, "image"),
    PULL_SECRETS: (_DEFAULTS, "imagePullSecrets"),
    **JSON,
    **CEILINGS,
    ENABLED: (*_POD_SECURITY, "enabled"),
    f"{_OF_POD_SECURITY}ENFORCE": (*_POD_SECURITY, "enforce"),
    f"{_OF_POD_SECURITY}ENFORCE_VERSION": (*_POD_SECURITY, "enforceVersion"),
    f"{_OF_POD_SECURITY}AUDIT": (*_POD_SECURITY, "audit"),
    f"{_OF_POD_SECURITY}AUDIT_VERSION": (*_POD_SECURITY, "auditVersion"),
    f"{_OF_POD_SECURITY}WARN": (*_POD_SECURITY, "warn"),
    f"{_OF_POD_SECURITY}WARN_VERSION": (*_POD_SECURITY, "warnVersion"),
}
_ALONE = "it is a setting of the reference deployment alone"
NOT_OURS = {
    f"{PREFIX}NAMESPACE": "the chart names the namespace, as mcpNamespace.name",
    **dict.fromkeys(
        (
            f"{PREFIX}AUDIT_LOGS_PERSIST_BATCH_SIZE",
            f"{PREFIX}AUDIT_LOG_PERSIST_INTERVAL_SECONDS",
            f"{PREFIX}AUDIT_LOG_RETENTION_DAYS",
            f"{PREFIX}CLUSTER_DOMAIN",
            f"{PREFIX}DEFAULT_DENY_ALL_EGRESS",
            f"{PREFIX}HTTPWEBHOOK_BASE_IMAGE",
            f"{PREFIX}K8S_SETTINGS_NANOBOT_AGENT_RESOURCES",
            f"{PREFIX}K8S_SETTINGS_NANOBOT_WORKSPACE_SIZE",
            f"{PREFIX}K8S_SETTINGS_STORAGE_CLASS_NAME",
            f"{PREFIX}NETWORK_POLICY_PROVIDER_CHART_NAME",
            f"{PREFIX}NETWORK_POLICY_PROVIDER_CHART_PATH",
            f"{PREFIX}NETWORK_POLICY_PROVIDER_CHART_REPO",
            f"{PREFIX}NETWORK_POLICY_PROVIDER_CHART_VERSION",
            f"{PREFIX}NETWORK_POLICY_PROVIDER_VALUES",
            f"{PREFIX}OAUTH_CLIENT_EXPIRATION",
            f"{PREFIX}REMOTE_SHIM_BASE_IMAGE",
            f"{PREFIX}RUNTIME_BACKEND",
            f"{PREFIX}SECRET_BINDING_ALLOWED_LABEL",
            f"{PREFIX}SERVER_SEARCH_IMAGE",
        ),
        _ALONE,
    ),
}


def meant_variable(name: str, alike: float) -> str | None:
    """The name that an unknown one is closest to, where the two are that much alike."""
    stems = _stems(name)
    rated = [
        (max(_ratio(stem, other) for stem in stems for other in _stems(known)), known)
        for known in (*VARIABLES, *NOT_OURS)
        if len(name) <= _LONGEST
    ]
    best, known = max(rated, default=(0.0, ""))
    return known if best >= alike else None


def _stems(name: str) -> tuple[str, ...]:
    """What is left of a name without separators and case, with and without its group."""
    plain = name.upper().removeprefix(PREFIX).replace("_", "")
    return plain, plain.removeprefix("K8SSETTINGS").removeprefix("K8S")


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
