"""Configuration reaches the server as environment variables from Secrets.

Field    envFrom of the server container
Absent   the Secret made from config-from, then those that env-from names
Refused  nothing
Source   mcp-admission; other containers of the pod get no secrets, and no guess does
"""

from webhook import names
from webhook.rules.rule import Pod, PodRule, Settings

KEY = "envFrom"


def fill(pod: Pod, _settings: Settings) -> None:
    """Reference each Secret once."""
    if pod.known_server is None:
        return
    fields = pod.known_server.fields
    present = {str(item.child("secretRef").get("name")) for item in fields.items(KEY)}
    for secret in _secrets(pod):
        if secret not in present:
            fields.append(KEY, {"secretRef": {"name": secret}})


def _secrets(pod: Pod) -> list[str]:
    own = pod.origin.of_deployment and pod.origin.annotation(names.CONFIG_FROM) is not None
    made = [names.config_secret_of(pod.origin.name)] if own else []
    return list(dict.fromkeys(made + pod.origin.annotation_list(names.ENV_FROM)))


RULE: PodRule = PodRule(id="config-env", fill=fill, always_current=False)
