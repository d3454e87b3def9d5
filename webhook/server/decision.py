"""What becomes of one request: the review by the settings in force, and what others are told of it.

The API server writes the audit annotations of an answer into its audit log. What is the same in
each of them is bytes already.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pydantic_core import to_json

from webhook.admission import Answer, Hook, Request, Scope
from webhook.observe.logs import cut
from webhook.server.admission_review import encode_review
from webhook.settings import Settings

# What no settings allow.
NEVER_ALLOWED = (422,)
WOULD_PATCH, WOULD_REFUSE = "would-patch", "would-refuse"
DECISIONS = ("allowed", "not-covered", "patched", "refused", WOULD_PATCH, WOULD_REFUSE, "error")
# What the mode `warn` says of an object that could not be reviewed.
UNREVIEWED = (
    "allowed for now: once mcp-admission enforces its rules, it refuses this object, "
    "which could not be reviewed"
)
NO_SETTINGS = b""
_NOTES = b',"auditAnnotations":{'
_DECIDED, _MUTATED = (
    {word: _NOTES + f'"{key}":"{word}"'.encode() for word in DECISIONS}
    for key in ("decision", "mutation")
)

Reviewer = Callable[[Request, Settings, Scope], Answer]


class Decision(NamedTuple):
    """The answer as bytes and as data; `error` is the failure of the review itself.

    `beside` says that the settings in force refuse the object, and others that are accepted do not.
    """

    body: bytes
    answer: Answer
    error: Exception | None = None
    beside: bool = False

    def word(self, hook: Hook) -> str:
        """The decision in one word of DECISIONS."""
        return "error" if self.error else decision_word(self.answer, hook)


def make_decision(  # noqa: PLR0913, PLR0917 - what a review is a function of, and who is told
    reviewer: Reviewer,
    request: Request,
    settings: Settings,
    scope: Scope,
    others: Iterable[tuple[Request, Settings]] = (),
    of_settings: bytes = NO_SETTINGS,
) -> Decision:
    """Answer a request; in the mode `enforce`, a review that fails refuses the object.

    `others` are the same request, read anew, and other settings. They are taken one by one while
    the object is refused; the first settings that allow it answer. `of_settings` is what audit
    annotations say of the settings (audit_settings).
    """
    hook = request.hook
    try:
        answer, beside = reviewer(request, settings, scope), False
        if not answer.allowed and answer.code not in NEVER_ALLOWED:
            answers = (reviewer(anew, each, scope) for anew, each in others)
            allowing = next((each for each in answers if each.allowed), None)
            answer, beside = allowing or answer, allowing is not None
        notes = audit_annotations(decision_word(answer, hook), answer, hook, of_settings)
        return Decision(encode_review(request.uid, answer, hook, notes), answer, beside=beside)
    except Exception as error:  # noqa: BLE001 - one object that no rule expected is not an outage
        message = (
            "mcp-admission failed while it reviewed this object, so it is not admitted: "
            f"the administrator finds the cause in its log under uid {cut(request.uid)}"
        )
        return decide_unreviewed(request, settings, 500, message, of_settings, error)


def decide_unreviewed(  # noqa: PLR0913, PLR0917 - what a refusal says, and who is told
    request: Request,
    settings: Settings,
    code: int,
    message: str,
    of_settings: bytes = NO_SETTINGS,
    error: Exception | None = None,
) -> Decision:
    """Refuse an object that could not be reviewed; below the mode `enforce`, let it pass."""
    hook = request.hook
    answer = Answer(allowed=False, code=code, message=message)
    if not settings.enforced:
        speaks = settings.mode == "warn" and hook is Hook.VALIDATE
        answer = Answer(allowed=True, warnings=(UNREVIEWED,) if speaks else (), would="refuse")
    word = "error" if error else decision_word(answer, hook)
    notes = audit_annotations(word, answer, hook, of_settings)
    return Decision(encode_review(request.uid, answer, hook, notes), answer, error)


def decision_word(answer: Answer, hook: Hook) -> str:
    """What became of an object, in one word of DECISIONS."""
    if answer.would:
        return WOULD_REFUSE if answer.would == "refuse" else WOULD_PATCH
    if not answer.allowed:
        return "refused"
    if not answer.covered:
        return "not-covered"
    return "patched" if answer.operations and hook is Hook.MUTATE else "allowed"


def audit_settings(digest: str) -> bytes:
    """What audit annotations say of the settings in force, if they have a name."""
    return b'"settings":%b' % to_json(digest) if digest else NO_SETTINGS


def audit_annotations(word: str, answer: Answer, hook: Hook, of_settings: bytes) -> bytes:
    """What the API server's audit log says of an answer; empty for objects that are not covered.

    That is the decision, the rules with findings, and the settings. The log keeps the first value
    of a key, and both hooks are asked about one object: what the mutating hook does with an object
    that goes on to the other one is its mutation. One that changes nothing is asked again by the
    API server after others did.
    """
    if not answer.covered:
        return b""
    rules = ",".join(dict.fromkeys(finding.rule for finding in answer.findings))
    if hook is Hook.VALIDATE or not answer.allowed:
        said, key = _DECIDED[word], b',"rules":"'
    elif word == "allowed" and not rules:
        return _NOTES + of_settings + b"}" if of_settings else b""
    else:
        said, key = _MUTATED[word], b',"mutation-rules":"'
    parts = [said, key, rules.encode(), b'"'] if rules else [said]
    if of_settings:
        parts += b",", of_settings
    return b"".join((*parts, b"}"))
