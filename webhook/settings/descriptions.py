"""What each setting decides, in one sentence: for `kubectl explain`, the docs and the command line.

Keys are spelled as in the settings file; sections are described by their model.
"""

_CHART = " Read by the chart alone."

DESCRIPTIONS = {
    "mcpNamespace.name": f"The namespace that the chart makes for MCP servers.{_CHART}",
    "mcpNamespace.networkPolicy.enabled": (
        "Whether servers are isolated by network policies; off also switches the gate off."
    ),
    "mcpNamespace.networkPolicy.dnsNamespace": "The namespace in which DNS may be asked.",
    "mcpNamespace.networkPolicy.dnsPeers": (
        "Further blocks of addresses of DNS servers, such as 169.254.20.10/32 (NodeLocal DNSCache)."
    ),
    "mcpNamespace.networkPolicy.dnsPorts": "The ports of DNS; OpenShift has 5353.",
    "mcpNamespace.networkPolicy.gateway.namespace": (
        "The namespace of the pods that may call servers; not set, it is that of the release."
    ),
    "mcpNamespace.networkPolicy.gateway.podSelector": (
        "The labels of the pods there that may call servers, and be called back."
    ),
    "mcpNamespace.networkPolicy.gateway.port": "The port on which servers may call them back.",
    "mcpNamespace.networkPolicy.egressCeilings": (
        "The blocks of addresses inside of which a server may ask to reach some."
    ),
    "mcpNamespace.networkPolicy.egressProfiles": (
        "NetworkPolicy peers and ports that a server may ask to reach, by a name."
    ),
    "mcpNamespace.networkPolicy.ingressProfiles": (
        "NetworkPolicy peers and ports that a server may ask to be called by, by a name."
    ),
    "mcpNamespace.podSecurity.enabled": (
        "Whether managed namespaces get the six Pod Security labels."
    ),
    "mcpNamespace.podSecurity.enforce": (
        "The Pod Security level that is enforced; it also decides what the rules ask of a server."
    ),
    "mcpNamespace.podSecurity.enforceVersion": (
        "The edition of the standard that is enforced; the rules follow it too."
    ),
    "mcpNamespace.podSecurity.audit": "The level that is audited; a label only.",
    "mcpNamespace.podSecurity.auditVersion": "The edition that is audited; a label only.",
    "mcpNamespace.podSecurity.warn": "The level that is warned about; a label only.",
    "mcpNamespace.podSecurity.warnVersion": "The edition that is warned about; a label only.",
    "mcpServerDefaults.affinity": "The affinity of servers that say nothing themselves.",
    "mcpServerDefaults.tolerations": "The tolerations of servers that say nothing themselves.",
    "mcpServerDefaults.nodeSelector": "The node selector of servers; filled in key by key.",
    "mcpServerDefaults.imagePullSecrets": (
        "Secrets with registry credentials, in the server's own namespace; added by name."
    ),
    "mcpServerDefaults.runtimeClassName": (
        "The RuntimeClass of every server; another one is refused."
    ),
    "mcpServerDefaults.resources": (
        "Requests and limits of the server container; the mapping is set as a whole."
    ),
    "mcpServerDefaults.image": "The image of a server container that names none.",
    "mcpServerDefaults.perServer": (
        "forbid replaces a server's own affinity, tolerations and resources by the fleet's."
    ),
    "mcpServerMaximums.requests": "Ceilings of requests by resource name; more is refused.",
    "mcpServerMaximums.limits": (
        "Ceilings of limits by resource name; more is refused, and a container without a limit of "
        "cpu, memory or ephemeral-storage gets the ceiling."
    ),
    "replicas.policy": (
        "What happens to a Deployment of more than one replica: override sets 1 with a warning, "
        "deny refuses, off leaves it."
    ),
    "onConflict": (
        "What happens to a value that contradicts a rule: deny, override with a warning, or warn."
    ),
    "rules": "The same for one rule by its identifier, or off.",
    "serviceAccountTokens.optedIn": "Whether a labelled server may have its token on request.",
    "serviceAccountTokens.managed": "The same in managed namespaces.",
    "serviceAccountTokens.names": "Servers, as namespace/name, that may have their token anyway.",
    "isolation.gate": "Whether new pods wait until the network policy that covers them exists.",
    "isolation.controllerUser": "The user who may remove the gate; set by the chart.",
    "isolation.breakGlassGroups": "Groups whose members may remove the gate too.",
    "platform": "openshift leaves UID, GID and fsGroup to the platform.",
    "selectors": f"Labels that make a workload an MCP server without our own.{_CHART}",
    "excludedNamespaces": f"Namespaces that the webhook never looks at.{_CHART}",
}
CHART_ONLY = frozenset(key for key, sentence in DESCRIPTIONS.items() if sentence.endswith(_CHART))
