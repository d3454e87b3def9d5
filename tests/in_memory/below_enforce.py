"""An API server on which the product is at work below `enforce`, which nobody must notice.

It asks the product in each of these modes, and in `enforce`: an answer that changes or refuses
something, or says other than what `enforce` does, is an error. Then it does what it would do alone.
"""

from collections.abc import Callable
from typing import Any

from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.defaults import copied
from webhook.admission.answer import LONGEST_WARNING, Answer
from webhook.admission.mode import MOST_LINES
from webhook.admission.workload import Request
from webhook.settings.model import Settings

Json = dict[str, Any]


class NoticedError(Exception):
    """The product below `enforce` is not as if it were not there, or says what is not true."""


class BelowEnforce(ApiServer):
    """Reviews what it is given in the modes `observe` and `warn`, and stores it as it is."""

    def _ask(self, request: Request, later_webhook: Callable[[Json], Json] = copied) -> Outcome:
        enforced = self._in_mode("enforce")._ask(request, later_webhook)
        stored = later_webhook(copied(request.object))
        for mode in ("observe", "warn"):
            outcome = self._in_mode(mode)._ask(request, later_webhook)
            if outcome.stored != stored or not all(map(passes, outcome.answers)):
                raise NoticedError(f"{mode} changes or refuses {request}: {outcome.answers}")
            if not speaks_as(mode, outcome):
                raise NoticedError(f"{mode} has other warnings about {request}: {outcome.warnings}")
            if later_webhook is copied and told(outcome) != done(enforced):
                raise NoticedError(
                    f"{mode} says that enforce would {told(outcome) or 'do nothing'} with "
                    f"{request}, but it does {done(enforced) or 'nothing'}: {enforced.message}"
                )
        return Outcome(stored, ())

    def _in_mode(self, mode: str) -> ApiServer:
        settings: Settings = self.settings.model_copy(update={"mode": mode})
        return ApiServer(settings, self.scope, self.bare, self.client)


def passes(answer: Answer) -> bool:
    """Whether the answer changes and refuses nothing."""
    return (answer.allowed, answer.code, answer.message, answer.operations) == (True, 200, "", ())


def speaks_as(mode: str, outcome: Outcome) -> bool:
    """Whether the user reads what the mode allows: nothing, or a few lines."""
    lines = outcome.warnings
    if mode == "observe":
        return not lines
    refusal = told(outcome) != "refuse" or bool(lines)
    return (
        refusal and len(lines) <= MOST_LINES and max(map(len, lines), default=0) <= LONGEST_WARNING
    )


def told(outcome: Outcome) -> str:
    """What the answers say that `enforce` would do."""
    words = [answer.would for answer in outcome.answers]
    return "refuse" if "refuse" in words else "patch" if "patch" in words else ""


def done(outcome: Outcome) -> str:
    """What `enforce` did."""
    if not all(answer.allowed for answer in outcome.answers):
        return "refuse"
    return "patch" if any(answer.operations for answer in outcome.answers) else ""
