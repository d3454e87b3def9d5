"""Only kernel parameters that stay inside the pod are set.

Field    securityContext.sysctls of the pod
Absent   nothing
Refused  any parameter that the standard does not call safe
Source   Pod Security Standards, baseline, since v1.0; longer since v1.27, v1.29, v1.32 and v1.37
"""

from collections.abc import Iterator

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

KEY = "sysctls"
SAFE_SINCE = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_slow_start_after_idle": 37,
    "net.ipv4.tcp_notsent_lowat": 37,
}


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Refuse each parameter that was not safe yet in the edition in force."""
    context = pod.security_context
    if context.get(KEY) is None:
        return
    for item, sysctl in enumerate(context.items(KEY)):
        name = sysctl.get("name")
        since = SAFE_SINCE.get(name) if type(name) is str else None
        if since is None or since > settings.minor:
            called = name if type(name) is str and name else "a sysctl without a name"
            yield context.violation(KEY, f"{called} is not allowed", item=item)


RULE: PodRule = PodRule(id="sysctls", level=Level.BASELINE, check=check, only_with=frozenset({KEY}))
