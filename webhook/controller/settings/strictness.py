"""Whether namespaces would refuse what replicas still fill in by the settings before."""

from webhook.settings.standard import PodSecurity, level, minor


def asks_more(after: PodSecurity, before: PodSecurity) -> bool:
    """Whether the labels for `after` refuse pods that are filled in for `before`.

    Then replicas must be first, so that no pod is refused; otherwise namespaces may be.
    """
    if not after.enabled:
        return False
    newer = minor(after.enforce_version) > minor(before.enforce_version)
    return newer or level(after.enforce) > level(before.enforce)
