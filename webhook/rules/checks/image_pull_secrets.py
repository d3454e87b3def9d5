"""Servers pull their images with the registry credentials that the fleet has for them.

Field    spec.imagePullSecrets of a pod (never of a template)
Absent   the setting mcpServerDefaults.imagePullSecrets, by name, beside those of the workload or
         of its ServiceAccount
Refused  nothing
Source   mcp-admission; Kubernetes gives a pod the secrets of its ServiceAccount only where the pod
         has none, so that one in a template would take their place
"""

from typing import Any

from webhook.rules.rule import Pod, PodRule, Settings

KEY = "imagePullSecrets"


def given(pod: Pod, settings: Settings) -> dict[str, Any]:
    """The fleet's secrets that the pod does not name."""
    known = pod.spec.names(KEY)
    secrets = settings.mcp_server_defaults.image_pull_secrets or ()
    missing = [{"name": secret.name} for secret in secrets if secret.name not in known]
    return {KEY: missing} if missing else {}


def fill(pod: Pod, settings: Settings) -> None:
    """Add them to a new pod."""
    if pod.origin.new_pod:
        for secret in given(pod, settings).get(KEY, ()):
            pod.spec.append(KEY, secret)


RULE: PodRule = PodRule(id="image-pull-secrets", fill=fill, given=given, always_current=False)
