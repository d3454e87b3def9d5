"""Who refused a request, and for which rules: a refusal by anybody else proves nothing about us."""

import re

from tools.cluster.clients import Output, Response

OURS = re.compile(
    r'admission webhook "(?:managed-namespace|opted-in)\.mcp-admission\.dev" denied the request: '
    r'MCP server "[^"]*" refused:$',
    re.MULTILINE,
)
REASON = re.compile(r"^  \S.* \(([a-z-]+)\)$", re.MULTILINE)


def refusing_rules(answer: Response | Output) -> set[str]:
    """The rules in the brackets of our refusal; AssertionError where it is none of ours."""
    if isinstance(answer, Response):
        assert answer.status == 403, answer.body.decode()
        said = answer.json()["message"]
    else:
        assert answer.returncode == 1, answer
        said = answer.stderr
    return rules_in(said)


def rules_in(said: str) -> set[str]:
    """The rules in a message of ours, wherever it is quoted."""
    assert OURS.search(said), said
    return set(REASON.findall(said))
