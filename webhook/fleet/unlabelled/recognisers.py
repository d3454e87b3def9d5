"""The table of what gives an MCP server away, and how sure a workload is one by what it shows.

The confidence is that of the strongest reason, and one step more where a second one as strong is
of another kind. A name that says `mcp` and then what serves no tools, such as a client, counts for
nothing. Patterns are for lower-case text.
"""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from webhook.fleet.unlabelled.traits import Trait

MOST_REASONS = 20


class Confidence(IntEnum):
    """How sure it is that a workload is an MCP server."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def word(self) -> str:
        """What reports call it."""
        return self.name.lower()


class Operator(NamedTuple):
    """Who writes a workload again and again: its name, and labels that all its workloads have."""

    name: str
    selector: str = ""


POSSIBLE, LIKELY, CERTAIN = Confidence
OBOT = Operator("Obot")
TOOLHIVE = Operator("ToolHive", '{toolhive: "true"}')
KMCP = Operator("kmcp", "{app.kubernetes.io/managed-by: kmcp}")
KAGENT = Operator("kagent", "{app.kubernetes.io/managed-by: kagent}")
LIFECYCLE = Operator("the MCP lifecycle operator")


class Recogniser(NamedTuple):
    """One line of the table: in which kind of trait, which pattern, how strong, what it means."""

    kind: str
    pattern: re.Pattern[str]
    strength: Confidence
    meaning: str
    operator: Operator | None = None


def _line(
    kind: str, pattern: str, strength: Confidence, meaning: str, operator: Operator | None = None
) -> Recogniser:
    return Recogniser(kind, re.compile(pattern), strength, meaning, operator)


_MCP = "(?<![a-z0-9])mcp(?![a-z0-9])"
_SERVER = "(?<![a-z0-9])mcp[-_.]?servers?(?![a-z0-9])"
_BRIDGES = "(?:supergateway|mcp-proxy|mcp-remote|mcpo|fastmcp)"
# fmt: off
RECOGNISERS: tuple[Recogniser, ...] = (
    _line("owner", r"^mcp[a-z]*\.toolhive\.stacklok\.dev$", CERTAIN, "made by ToolHive", TOOLHIVE),
    _line("owner", r"^mcp[a-z]*\.kagent\.dev$", CERTAIN, "made by kmcp", KMCP),
    _line("owner", r"^mcp[a-z]*\.mcp\.x-k8s\.io$", CERTAIN, "made by the MCP lifecycle operator", LIFECYCLE),  # noqa: E501
    _line("owner", r"^(?:virtual)?mcp(?:remote)?(?:server|proxy)\.", CERTAIN, "made for an MCP server"),  # noqa: E501
    _line("label", r"^toolhive=true$", CERTAIN, "made by ToolHive", TOOLHIVE),
    _line("label", r"^toolhive-tool-type=mcp$", CERTAIN, "a tool of ToolHive", TOOLHIVE),
    _line("label", r"^app\.kubernetes\.io/managed-by=kmcp$", CERTAIN, "made by kmcp", KMCP),
    _line("label", r"^app\.kubernetes\.io/part-of=kmcp$", LIKELY, "belongs to kmcp", KMCP),
    _line("label", r"^kagent\.dev/mcp-?server", CERTAIN, "made by kagent", KAGENT),
    _line("label", r"^mcp-server=", CERTAIN, "a label of the MCP lifecycle operator"),
    _line("label", r"^mcp-user-id=", LIKELY, "made by Obot", OBOT),
    _line("label", r"^app\.kubernetes\.io/component=mcp(?:-server)?$", LIKELY, "a component that speaks MCP"),  # noqa: E501
    _line("label", rf"^[^=]*{_SERVER}[^=]*=", LIKELY, "a label for MCP servers"),
    _line("annotation", r"^mcp-server-(?:scope|display-name)$", CERTAIN, "made by Obot", OBOT),
    _line("annotation", r"^kmcp\.(?:kagent\.)?dev/", CERTAIN, "made by kmcp", KMCP),
    _line("package", r"^@modelcontextprotocol/server-", CERTAIN, "a reference server of MCP"),
    _line("package", rf"^(?:@[^/]*/)?{_BRIDGES}(?:$|[@=\[])", CERTAIN, "a bridge to MCP"),
    _line("package", _SERVER, CERTAIN, "the package of an MCP server"),
    _line("package", r"(?<![a-z0-9])server-mcp(?![a-z0-9])", CERTAIN, "the package of an MCP server"),  # noqa: E501
    _line("package", r"^@modelcontextprotocol/", LIKELY, "a package of the MCP project"),
    _line("package", _MCP, LIKELY, "a package that is named after MCP"),
    _line("word", rf"^{_BRIDGES}(?:$|@|\.[cm]?js$)", CERTAIN, "a bridge to MCP"),
    _line("word", _SERVER, LIKELY, "a program that is named after MCP servers"),
    _line("word", r"^@modelcontextprotocol/", LIKELY, "a package of the MCP project"),
    _line("word", _MCP, POSSIBLE, "a word of the command says MCP"),
    _line("image", r"^(?:docker\.io/)?mcp/", CERTAIN, "an image of Docker's MCP catalogue"),
    _line("image", r"(?:^|/)obot-platform/mcp-images/", CERTAIN, "an image for servers of Obot", OBOT),  # noqa: E501
    _line("image", r"(?:^|/)stacklok/toolhive/proxyrunner", CERTAIN, "a proxy of ToolHive", TOOLHIVE),  # noqa: E501
    _line("image", rf"(?:^|/){_BRIDGES}(?:$|[:@])", CERTAIN, "a bridge to MCP"),
    _line("image", r"/mcp/[^/]+$", LIKELY, "an image in a repository that is called mcp"),
    _line("image", rf"{_SERVER}[^/]*$", LIKELY, "an image that is named after MCP servers"),
    _line("image", rf"{_MCP}[^/]*$", LIKELY, "an image that is named after MCP"),
    _line("image", _MCP, POSSIBLE, "an image in a repository that is named after MCP"),
    _line("port", r"^mcp(?:$|-)|^(?:http|sse|tcp|streamable)?-?mcp$", LIKELY, "a port for MCP"),
    _line("path", r"^/(?:[^/]*/)?mcp/?$", LIKELY, "a path of MCP"),
    _line("env", r"^(?:mcp_(?:server_)?transport|mcp_listen.*|fastmcp_.*)$", LIKELY, "set for servers of MCP"),  # noqa: E501
    _line("env", r"^mcp_(?:server_)?(?:port|host|mode|path|name)$", POSSIBLE, "often set for servers of MCP"),  # noqa: E501
    _line("name", _SERVER, LIKELY, "a name for MCP servers"),
    _line("name", _MCP, POSSIBLE, "a name that says MCP"),
)
# fmt: on
"""One line each; of a kind, the first that matches counts."""

_BY_KIND: dict[str, list[Recogniser]] = {}
for _each in RECOGNISERS:
    _BY_KIND.setdefault(_each.kind, []).append(_each)

_NAMED = frozenset({"name", "image", "package", "word"})
_NO_SERVER = re.compile(
    r"(?<![a-z0-9])(?:client|inspector|operator|controller|admission|webhook|exporter|dashboard)s?"
    r"(?![a-z0-9])"
)


class Sign(NamedTuple):
    """A sign of a server, and so a reason: the trait, and the line of the table that knows it."""

    trait: Trait
    recogniser: Recogniser

    @property
    def sentence(self) -> str:
        """Where, what is there, and what that means."""
        kind, where, value, launcher = self.trait
        if kind == "owner":
            return f"{where} names {value}: {self.recogniser.meaning}"
        if kind in ("package", "word") or launcher:
            by = f" by {launcher}" if launcher else ""
            return f"{where} runs {value}{by}: {self.recogniser.meaning}"
        if kind in ("label", "annotation", "port", "env"):
            return f"{where} has {value}: {self.recogniser.meaning}"
        return f"{where} is {value}: {self.recogniser.meaning}"


def signs_in(shown: Iterable[Trait]) -> list[Sign]:
    """The reasons in the traits, the strongest first; the same value of a kind counts once."""
    found: dict[tuple[str, str], Sign] = {}
    for trait in shown:
        if (trait.kind, trait.value) in found:
            continue
        recogniser = _recogniser(trait)
        if recogniser is not None:
            found[trait.kind, trait.value] = Sign(trait, recogniser)
    return sorted(found.values(), key=lambda each: -each.recogniser.strength)[:MOST_REASONS]


def confidence(reasons: Iterable[Sign]) -> Confidence | None:
    """How sure it is by these reasons; None without any."""
    kinds: dict[Confidence, set[str]] = {}
    for trait, recogniser in reasons:
        kinds.setdefault(recogniser.strength, set()).add(trait.kind)
    if not kinds:
        return None
    strongest = max(kinds)
    more = len(kinds[strongest]) > 1 and strongest is not CERTAIN
    return Confidence(strongest + 1) if more else strongest


def operators(reasons: Iterable[Sign]) -> Iterator[Operator]:
    """The operators that these reasons name."""
    for each in reasons:
        if each.recogniser.operator is not None:
            yield each.recogniser.operator


def _recogniser(trait: Trait) -> Recogniser | None:
    value = trait.value.lower()
    if trait.kind in _NAMED and _names_no_server(value):
        return None
    return next((each for each in _BY_KIND.get(trait.kind, ()) if each.pattern.search(value)), None)


def _names_no_server(value: str) -> bool:
    """Whether the last part of a name says `mcp`, and behind it what serves no tools."""
    scope, _, name = value.rpartition("/")
    at = 0 if scope == "@modelcontextprotocol" else name.find("mcp")
    return at >= 0 and _NO_SERVER.search(name, at) is not None
