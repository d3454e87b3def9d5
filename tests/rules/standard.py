"""The Pod Security Standards of the newest Kubernetes as a table of fields and allowed values.

Written after the documentation's page of that name and nothing else of this repository, so that the
rules can be held against it. Only the verdict counts: the names are those of the page's controls.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

OTHER_LISTS = ("spec.initContainers[*]", "spec.ephemeralContainers[*]")
POD, CONTAINER = "spec.securityContext", "spec.containers[*].securityContext"
CONTEXTS = (POD, CONTAINER)
APPARMOR_ANNOTATION = "metadata.annotations.container.apparmor.security.beta.kubernetes.io/"

USUAL_CAPABILITIES = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip
SELINUX_TYPES = ("container_t", "container_init_t", "container_kvm_t", "container_engine_t")
SAFE_SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_notsent_lowat",
)
PROFILES = ("RuntimeDefault", "Localhost")
HANDLERS = (
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle.postStart",
    "lifecycle.preStop",
)
CORE_VOLUMES = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
        "projected", "secret", "image",
    }
)  # fmt: skip

# The baseline profile: control, field, allowed values; None is "undefined or nil".
BASELINE: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    *(("HostProcess", f"{at}.windowsOptions.hostProcess", (None, False)) for at in CONTEXTS),
    *(("Host Namespaces", f"spec.{key}", (None, False))
      for key in ("hostNetwork", "hostPID", "hostIPC")),
    ("Privileged Containers", f"{CONTAINER}.privileged", (None, False)),
    ("Capabilities", f"{CONTAINER}.capabilities.add[*]", USUAL_CAPABILITIES),
    ("HostPath Volumes", "spec.volumes[*].hostPath", (None,)),
    ("Host Ports", "spec.containers[*].ports[*].hostPort", (None, 0)),
    *(("Host Probes / Lifecycle Hooks", f"spec.containers[*].{handler}.{action}.host", (None, ""))
      for handler in HANDLERS for action in ("httpGet", "tcpSocket")),
    *(("AppArmor", f"{at}.appArmorProfile.type", PROFILES)
      for at in CONTEXTS),
    *(("SELinux", f"{at}.seLinuxOptions.type", (None, "", *SELINUX_TYPES)) for at in CONTEXTS),
    *(("SELinux", f"{at}.seLinuxOptions.{key}", (None, "")) for at in CONTEXTS
      for key in ("user", "role")),
    ("/proc Mount Type", f"{CONTAINER}.procMount", (None, "Default")),
    *(("Seccomp", f"{at}.seccompProfile.type", PROFILES)
      for at in CONTEXTS),
    ("Sysctls", f"{POD}.sysctls[*].name", SAFE_SYSCTLS),
)  # fmt: skip

# Fields that their object cannot do without.
NEEDED = {".seccompProfile": "type", ".appArmorProfile": "type", ".sysctls[*]": "name"}


def _shapes() -> Iterator[tuple[str, str, type]]:
    """What stands around the fields: control, place, and whether it is an object or a list."""
    yield "AppArmor", "metadata.annotations", dict
    for control, field, _ in BASELINE:
        steps = field.replace("[*]", ".[*]").split(".")
        for end in range(1, len(steps)):
            place = ".".join(steps[:end]).replace(".[*]", "[*]")
            yield control, place, list if steps[end] == "[*]" else dict


ALLOWED = {field: values for _, field, values in BASELINE}
SHAPES = {place: shape for _, place, shape in _shapes()}
CONTROLS = {place: control for control, place, _ in (*_shapes(), *BASELINE)}


def violations(pod: Json, level: str) -> list[str]:
    """The controls of the level that a pod violates, in no useful order; none: it complies."""
    if level == "privileged":
        return []
    if level == "baseline":
        return _texts(pod, *([".procMount"] if _in_user_namespace(pod) else []))
    # The restricted controls take the place of these two, and are for Linux alone.
    exempt = [".capabilities.", ".seccompProfile"] if _is_windows(pod) else []
    return [*_texts(pod, *exempt), *_restricted(pod)]


def _texts(pod: Json, *exempt: str) -> list[str]:
    return [
        f"{control}: {field}"
        for control, field in _baseline(pod)
        if not any(part in field for part in exempt)
    ]


def _baseline(pod: Json) -> Iterator[tuple[str, str]]:
    for field, value in _fields(pod, ""):
        if field in ALLOWED and not _among(value, ALLOWED[field]):
            yield CONTROLS[field], field
        shape = SHAPES.get(field)
        absent = value is None and not field.endswith("[*]")
        if shape is not None and not absent and type(value) is not shape:
            yield CONTROLS[field], field
        if field.startswith(APPARMOR_ANNOTATION) and not _keeps_apparmor(value):
            yield "AppArmor", field


def _keeps_apparmor(value: Any) -> bool:
    if type(value) is str and value.startswith("localhost/"):
        return True
    return _among(value, (None, "", "runtime/default"))


def _fields(value: Any, field: str) -> Iterator[tuple[str, Any]]:
    """Every field of a document, in the notation of the page; all containers look alike."""
    for other in OTHER_LISTS:
        field = "spec.containers[*]" if field == other else field
    if field in ("spec.initContainers", "spec.ephemeralContainers"):
        yield "spec.containers", value
    yield field, value
    if type(value) is dict:
        needed = {key: None for end, key in NEEDED.items() if field.endswith(end)}
        for key, inner in {**needed, **value}.items():
            yield from _fields(inner, f"{field}.{key}" if field else key)
    elif type(value) is list:
        for inner in value:
            yield from _fields(inner, f"{field}[*]")


def _restricted(pod: Json) -> Iterator[str]:
    for volume in _list(_at(pod, "spec", "volumes")):
        sources = {key for key, value in volume.items() if value is not None} - {"name"}
        odd = [key for key in sources & CORE_VOLUMES if type(volume[key]) is not dict]
        if odd or (sources and not sources & CORE_VOLUMES):
            yield "Volume Types"
    if not _in_user_namespace(pod):
        yield from _non_root(pod)
    if _is_windows(pod):
        return
    profile = _at(pod, "spec", "securityContext", "seccompProfile")
    for container in _containers(pod):
        context = container.get("securityContext")
        if _at(context, "allowPrivilegeEscalation") is not False:
            yield "Privilege Escalation"
        if profile is None and _at(context, "seccompProfile") is None:
            yield "Seccomp"
        drop = _at(context, "capabilities", "drop")
        added = _list(_at(context, "capabilities", "add"), object)
        if type(drop) is not list or "ALL" not in drop:
            yield "Capabilities"
        if any(name != "NET_BIND_SERVICE" for name in added):
            yield "Capabilities"


def _non_root(pod: Json) -> Iterator[str]:
    of_pod = _at(pod, "spec", "securityContext", "runAsNonRoot")
    contexts = [_at(pod, "spec", "securityContext")]
    if of_pod is not None and of_pod is not True:
        yield "Running as Non-root"
    for container in _containers(pod):
        contexts.append(container.get("securityContext"))
        own = _at(contexts[-1], "runAsNonRoot")
        if (of_pod if own is None else own) is not True:
            yield "Running as Non-root"
    for context in contexts:
        user = _at(context, "runAsUser")
        if user is not None and (type(user) is not int or user == 0):
            yield "Running as Non-root user"


def _containers(pod: Json) -> list[Json]:
    lists = ("initContainers", "containers", "ephemeralContainers")
    return [container for key in lists for container in _list(_at(pod, "spec", key))]


def _in_user_namespace(pod: Json) -> bool:
    return _at(pod, "spec", "hostUsers") is False


def _is_windows(pod: Json) -> bool:
    return bool(_at(pod, "spec", "os", "name") == "windows")


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if type(value) is dict else None
    return value


def _list(value: Any, kind: type = dict) -> list[Any]:
    return [item for item in value if isinstance(item, kind)] if type(value) is list else []


def _among(value: Any, values: tuple[Any, ...]) -> bool:
    """Membership by type and value: in Python, False is 0."""
    return any(type(value) is type(other) and value == other for other in values)
