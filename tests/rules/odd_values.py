"""What may stand in the security fields of a pod: fine, dangerous, and of another shape altogether.

Each table gives the values for the fields of pods, containers and annotations, by their path.
"""

from typing import Any

Path = tuple[str, ...]
Values = tuple[Any, ...]

LISTS = ("initContainers", "containers", "ephemeralContainers")
FLAGS: Values = (True, False, None, "true", "false", "", 0, 1, [], {})
IDS: Values = (0, 1000, -1, 0.0, "0", "1000", False, True, None, [], 2**63)
SHAPES: Values = (None, {}, [], "text", 7, False)
PROFILES: Values = (
    *({"type": name} for name in ("RuntimeDefault", "Localhost", "Unconfined", "", None, ["x"])),
    {"localhostProfile": "mcp.json"}, *SHAPES,
)  # fmt: skip
SELINUX: Values = (
    *({"type": name} for name in ("container_t", "container_engine_t", "spc_t", "", None, 0)),
    {"user": "system_u"}, {"role": ""}, {"role": "system_r", "level": "s0"}, {"user": False},
    *SHAPES,
)  # fmt: skip
WINDOWS: Values = (*({"hostProcess": flag} for flag in FLAGS), {"runAsUserName": "mcp"}, *SHAPES)
NAMES: Values = (
    "NET_BIND_SERVICE",
    "CHOWN",
    "NET_ADMIN",
    "SYS_ADMIN",
    "ALL",
    "all",
    "",
    0,
    None,
    ["ALL"],
)
CAPABILITIES: Values = (
    *({"drop": ["ALL"], "add": [name]} for name in NAMES),
    *({"drop": [name]} for name in NAMES),
    *({"drop": ["ALL"], "add": shape} for shape in SHAPES),
    *({"drop": shape} for shape in SHAPES),
    {"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE", "KILL"]}, *SHAPES,
)  # fmt: skip
HOSTS: Values = ("", None, "127.0.0.1", "::1", "metadata.internal", 0, False, [])
HANDLERS: Values = (
    *({"httpGet": {"port": 80, "host": host}} for host in HOSTS),
    *({"tcpSocket": {"port": 80, "host": host}} for host in HOSTS),
    {"exec": {"command": ["true"]}}, {"httpGet": {"port": 80}}, {"httpGet": "text"},
    {"tcpSocket": []}, {"grpc": {"port": 9}}, *SHAPES,
)  # fmt: skip
LIFECYCLES: Values = (
    *({"postStart": one} for one in HANDLERS), *({"preStop": one} for one in HANDLERS), *SHAPES,
)  # fmt: skip
PORTS: Values = (*([{"containerPort": 80, "hostPort": port}] for port in (8080, 0, *IDS)),
         [{"name": "mcp", "containerPort": 80}], [{}], [None], ["80"], *SHAPES)  # fmt: skip
SYSCTL_NAMES: Values = (
    "net.ipv4.tcp_syncookies", "net.ipv4.tcp_notsent_lowat", "kernel.msgmax", "", None, 0, [],
)  # fmt: skip
SYSCTLS: Values = (
    *([{"name": name, "value": "1"}] for name in SYSCTL_NAMES),
    [{"name": "kernel.shm_rmid_forced"}, {"name": "vm.swappiness"}], [{}], [None], ["x"], *SHAPES,
)  # fmt: skip
SOURCES: Values = (
    *({key: {}} for key in (
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "secret", "projected",
        "persistentVolumeClaim", "hostPath", "nfs", "gitRepo", "iscsi", "notYetInvented")),
    {}, {"hostPath": None}, {"hostPath": "/"}, {"emptyDir": None}, {"emptyDir": "x"}, {"nfs": []},
    {"emptyDir": {}, "nfs": {}}, {"emptyDir": {}, "hostPath": {}}, {"secret": [], "emptyDir": {}},
)  # fmt: skip
VOLUMES: Values = (*([{"name": "data", **source}] for source in SOURCES), [None], ["x"], *SHAPES)
LATER: Values = (None, True, "text", {"deep": [1, None, {"er": {}}]}, [])
NO_CONTAINERS: Values = (None, [], {}, "text", [None], [[]], ["x"])

OF_CONTEXTS: dict[Path, Values] = {
    (): SHAPES,
    ("runAsNonRoot",): FLAGS,
    ("runAsUser",): IDS,
    ("runAsGroup",): IDS,
    ("seccompProfile",): PROFILES,
    ("appArmorProfile",): PROFILES,
    ("seLinuxOptions",): SELINUX,
    ("windowsOptions",): WINDOWS,
    ("later",): LATER,
}
OF_CONTAINERS: dict[Path, Values] = {
    **{("securityContext", *path): values for path, values in OF_CONTEXTS.items()},
    ("securityContext", "allowPrivilegeEscalation"): FLAGS,
    ("securityContext", "capabilities"): CAPABILITIES,
    ("securityContext", "privileged"): FLAGS,
    ("securityContext", "procMount"): ("Default", "Unmasked", "", *SHAPES),
    ("livenessProbe",): HANDLERS,
    ("readinessProbe",): HANDLERS,
    ("startupProbe",): HANDLERS,
    ("lifecycle",): LIFECYCLES,
    ("ports",): PORTS,
    ("later",): LATER,
}
OF_PODS: dict[Path, Values] = {
    **{("securityContext", *path): values for path, values in OF_CONTEXTS.items()},
    ("securityContext", "fsGroup"): IDS,
    ("securityContext", "sysctls"): SYSCTLS,
    **{(key,): FLAGS for key in ("hostNetwork", "hostPID", "hostIPC", "hostUsers")},
    ("os",): ({"name": "windows"}, {"name": "windows"}, {"name": "linux"}, {"name": 0}, {}, None),
    ("volumes",): VOLUMES,
    ("later",): LATER,
    **{(key,): NO_CONTAINERS for key in LISTS},
}
ANNOTATIONS: dict[str, Values] = {
    "container.apparmor.security.beta.kubernetes.io/main": (
        "runtime/default", "localhost/mcp", "unconfined", "", None, 0, []),
    "mcp-admission.dev/container": ("main", "b", "nobody"),
    "example.com/owner~team": ("tools",),
}  # fmt: skip
