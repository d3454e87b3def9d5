"""No Service of the namespace becomes environment variables of a server.

Field    spec.enableServiceLinks
Absent   false; also in place of true, which the API server itself fills in on pods
Refused  nothing
Source   mcp-admission; Kubernetes describes every Service of the namespace in variables such as
         MCP_PORT=tcp://10.0.0.1:80, which a server may take for its own settings
"""

from webhook.rules.rule import Pod, PodRule, Settings

KEY = "enableServiceLinks"


def fill(pod: Pod, _settings: Settings) -> None:
    """Switch them off, except where a user has set the field to another value."""
    held = pod.spec.get(KEY)
    if held is None or held is True:
        pod.spec.set(KEY, value=False)


RULE: PodRule = PodRule(id="service-links", fill=fill)
