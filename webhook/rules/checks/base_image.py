"""A server that names no image runs in the fleet's base image.

Field    image of the server container
Absent   the setting mcpServerDefaults.image
Refused  nothing
Source   mcp-admission, reference value ghcr.io/obot-platform/mcp-images/phat:main
"""

from webhook.rules.rule import Pod, PodRule, Settings


def fill(pod: Pod, settings: Settings) -> None:
    """Name the base image where the server container names none."""
    if pod.server is not None:
        pod.server.fields.default("image", settings.mcp_server_defaults.image)


RULE: PodRule = PodRule(id="base-image", fill=fill, always_current=False)
