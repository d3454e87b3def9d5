"""Secrets go to the container that is known to be the server, never to a guess.

Field    spec.containers
Absent   nothing
Refused  nothing; a warning where nothing tells which of several containers is the server: the first
         is a guess, and gets no Secrets
Source   mcp-admission; the annotation mcp-admission.dev/container names the server
"""

from collections.abc import Sequence

from webhook import names
from webhook.rules.rule import Pod, PodRule, Settings, Violation

GUESSED = "the first is taken as the server: set"
WITHOUT_SECRETS = "no Secret is given to a guess: set"


def check(pod: Pod, _settings: Settings) -> Sequence[Violation]:
    """Say that the server is a guess, and what that costs."""
    if pod.server is None or pod.server is pod.known_server:
        return ()
    has_secrets = any(pod.origin.annotation(key) for key in names.SECRETS)
    sentence = f"{WITHOUT_SECRETS if has_secrets else GUESSED} {names.CONTAINER}"
    return [pod.violation("containers", sentence, item=pod.server.fields.item, advice=True)]


RULE: PodRule = PodRule(id="server-container", check=check, overridable=False, final=False)
