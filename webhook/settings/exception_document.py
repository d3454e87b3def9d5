"""The resource `MCPServerException`: one workload is let off some rules until a day.

An exception has a reason and an end, so that somebody can ask later why it is there and nobody has
to remember to take it away. It ends at most `exceptions.longestDays` after it was made: who needs
it for longer makes another one. The caller says what time it is.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, NamedTuple, get_args

from pydantic import AfterValidator, Field, ValidationError, WithJsonSchema

from webhook.settings.faults import MOST_FAULTS, KeyFault, explain, shown
from webhook.settings.load import API_VERSION
from webhook.settings.rule_settings import NOT_EXCEPTABLE, RuleId
from webhook.settings.server_exception import LONGEST_IMAGE, ServerException
from webhook.settings.values import DnsLabel, DnsSubdomain, Section, nearest

EXCEPTION_KIND = "MCPServerException"
EXCEPTION_PLURAL = "mcpserverexceptions"
EXCEPTABLE_RULES = tuple(rule for rule in get_args(RuleId) if rule not in NOT_EXCEPTABLE)
"""The rules that a workload can be let off."""
MOST_RULES, MOST_IMAGES = 32, 16
LONGEST_REASON = 500
REASON_REQUIRED = "a reason is required: write why, for who comes across it later"
IN_FORCE, ENDING, ENDED, NOT_VALID = "InForce", "Ending", "Ended", "NotValid"
NO_ROOM, WAITING, POD_SECURITY = "NoRoom", "Waiting", "PodSecurity"
EXCEPTION_STATES = (IN_FORCE, ENDING, ENDED, NOT_VALID, NO_ROOM, WAITING, POD_SECURITY)
"""What becomes of an exception, as its status says."""

_DAY = 24 * 60 * 60
_SUCH_AS = "write a time with its zone, such as 2030-06-30T12:00:00Z"
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _exceptable(rule: str) -> str:
    if rule in NOT_EXCEPTABLE:
        raise ValueError(
            f"{rule} has no exceptions, because other rules and the isolation of servers are "
            "built on it: take it out"
        )
    if rule not in EXCEPTABLE_RULES:
        near = nearest(rule, EXCEPTABLE_RULES)
        hint = f"did you mean {near}?" if near else "`mcp-admission rules` lists them"
        raise ValueError(f"{shown(rule)} is no rule: {hint}")
    return rule


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError(REASON_REQUIRED)
    return text


def _moment(text: str) -> str:
    try:
        seconds_since_1970(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is no time: {_SUCH_AS}") from None
    return text


def seconds_since_1970(text: str) -> float:
    """A time as Kubernetes writes it (RFC 3339), with its zone; raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(_SUCH_AS)
    return datetime.fromisoformat(text.upper()).timestamp()


class _Excepted(Section):
    """A workload: the Deployment, or what else its author wrote."""

    namespace: DnsLabel = Field(description="The namespace of the workload.")
    name: DnsSubdomain = Field(
        description="The name of the Deployment or other workload, not that of a pod."
    )


class ExceptionSpec(Section):
    """Which workload is let off which rules, why, and until when."""

    workload: _Excepted = Field(description="The workload that is let off the rules.")
    rules: list[
        Annotated[
            str,
            AfterValidator(_exceptable),
            WithJsonSchema({"type": "string", "enum": list(EXCEPTABLE_RULES)}),
        ]
    ] = Field(
        min_length=1,
        max_length=MOST_RULES,
        description="The rules, by identifier; what they object to is told as a warning.",
    )
    images: list[Annotated[str, Field(min_length=1, max_length=LONGEST_IMAGE)]] = Field(
        default_factory=list,
        max_length=MOST_IMAGES,
        description=(
            "Prefixes of images, or digests: every image of a pod has to match one. If not set, "
            "pods with any image are let off."
        ),
    )
    reason: Annotated[str, AfterValidator(_reason)] = Field(
        max_length=LONGEST_REASON, description="Why the workload is let off."
    )
    expires: Annotated[
        str, AfterValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
    ] = Field(description="When the exception ends.")


class ExceptionDocument(NamedTuple):
    """What a document grants, and what is wrong with it; both where it has ended."""

    granted: ServerException | None
    faults: tuple[KeyFault, ...] = ()

    @property
    def in_force(self) -> ServerException | None:
        """What is granted now."""
        return None if self.faults else self.granted


def read_exception(found: Any, *, now: float, longest_days: int) -> ExceptionDocument:
    """What a document of the resource grants at this time; it never raises.

    The end is counted from when the API server made the resource, and from now for a document that
    was not applied yet.
    """
    faults = list(_of_document(found))
    if faults:
        return ExceptionDocument(None, tuple(faults))
    try:
        given = {key: value for key, value in found["spec"].items() if value is not None}
        spec = ExceptionSpec.model_validate(given)
    except ValidationError as error:
        explained = islice(explain(error, ExceptionSpec), MOST_FAULTS)
        return ExceptionDocument(
            None, tuple(KeyFault(("spec", *key), sentence) for key, sentence in explained)
        )
    granted = ServerException(
        found["metadata"]["name"],
        spec.workload.namespace,
        spec.workload.name,
        frozenset(spec.rules),
        tuple(spec.images),
        spec.reason,
        seconds_since_1970(spec.expires),
    )
    made = _made(found["metadata"], now)
    if granted.expires > made + longest_days * _DAY:
        return ExceptionDocument(None, (_of_end(_too_far(spec.expires, made, now, longest_days)),))
    if granted.ended(now):
        return ExceptionDocument(granted, (_of_end(_over(spec.expires)),))
    return ExceptionDocument(granted)


def _of_document(found: Any) -> Iterator[KeyFault]:
    if not isinstance(found, dict):
        yield KeyFault((), f"must be an {EXCEPTION_KIND}")
        return
    if found.get("kind", EXCEPTION_KIND) != EXCEPTION_KIND:
        yield KeyFault(("kind",), f"must be {EXCEPTION_KIND}")
    if found.get("apiVersion", API_VERSION) != API_VERSION:
        yield KeyFault(("apiVersion",), f"must be {API_VERSION}")
    metadata = found.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        yield KeyFault(("metadata", "name"), "this key is required: add it")
    if not isinstance(found.get("spec"), dict):
        yield KeyFault(("spec",), "this key is required: add it")


def _made(metadata: dict[str, Any], now: float) -> float:
    try:
        return seconds_since_1970(str(metadata.get("creationTimestamp")))
    except ValueError:
        return now


def _of_end(sentence: str) -> KeyFault:
    return KeyFault(("spec", "expires"), sentence)


def _over(end: str) -> str:
    return f"the exception has ended on {end}: delete it, or make another one"


def _too_far(end: str, made: float, now: float, longest_days: int) -> str:
    since = "from now" if made == now else "after it was made"
    days = f"{longest_days} day" if longest_days == 1 else f"{longest_days} days"
    return f"{end} is more than {days} {since}, which exceptions.longestDays allows: end it earlier"
