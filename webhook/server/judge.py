"""The reviews of one path: decoded, decided, counted and logged.

`Judge.answer` reads top to bottom: what the memo knows of a new pod, else decode_review and
make_decision (which calls the review and encode_review), then record_decision.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from itertools import product

from webhook.admission import Hook, Request, Scope
from webhook.observe.metrics import Metrics, Review
from webhook.observe.traces import TRACEPARENT, TRACES
from webhook.server import memo_key, object_size
from webhook.server.admission_review import WireError, decode_review
from webhook.server.decision import (
    WOULD_PATCH,
    WOULD_REFUSE,
    Decision,
    Reviewer,
    decide_unreviewed,
    make_decision,
)
from webhook.server.memo import Kept, Memo
from webhook.server.review_log import record_decision, span_attributes
from webhook.server.settings_file import InForce, SettingsFile
from webhook.server.turns import RejectedError

# A graph of what `enforce` would do has a line for these before it did anything.
COMMON_KINDS = "Deployment", "Pod"
NO_HEADERS: Mapping[str, str] = {}


class Judge:
    """Answers the reviews of one path, without a pause; the memo may be that of other paths too."""

    def __init__(  # noqa: PLR0913 - what a review is a function of, and who counts and keeps it
        self,
        hook: Hook,
        scope: Scope,
        *,
        settings: SettingsFile,
        metrics: Metrics,
        reviewer: Reviewer,
        memo: Memo,
    ) -> None:
        self._hook = hook
        self._scope = scope
        self._settings = settings
        self._metrics = metrics
        self._reviewer = reviewer
        self._memo = memo
        self._path = f"{hook.value} {scope.value}"
        for kind, word in product(COMMON_KINDS, (WOULD_PATCH, WOULD_REFUSE)):
            metrics.expect(Review(hook.value, scope.value, "CREATE", kind, word, dry_run=False))

    def answer(
        self, body: bytearray, arrived: float, headers: Mapping[str, str] = NO_HEADERS
    ) -> bytes:
        """The body of the answer to a review that came then; raises RejectedError (400)."""
        in_force = self._settings.in_force
        try:
            request, decision = self._judged(body, in_force)
        except WireError as error:
            request, decision = self._passed(body, error, in_force)
        seconds = time.monotonic() - arrived
        trace_id = ""
        if TRACES.on:
            said = span_attributes(request, self._scope, decision)
            failed = decision.error is not None
            trace_id = TRACES.review(headers.get(TRACEPARENT, ""), said, seconds, failed=failed)
        record_decision(request, self._scope, decision, seconds, self._metrics, trace_id)
        return decision.body

    def _judged(self, body: bytearray, in_force: InForce) -> tuple[Request, Decision]:
        came_before = partial(self._memo.came_before, self._path, settings=in_force)
        asked = memo_key.recognise(body, came_before)
        if asked is not None:
            kept = self._memo.find(self._path, asked)
            if kept is None and came_before(asked.key):
                kept = self._learned(asked, in_force)
            if kept is not None:
                return kept.about(asked)
        elif object_size.too_many_objects(body):
            request = object_size.decode_head(body, self._hook)
            settings, sentence = in_force.current.of(request.namespace), object_size.sentence(body)
            return request, decide_unreviewed(request, settings, 422, sentence, in_force.noted)
        request = self._decoded(body)
        return request, self._decided(request, body, in_force)

    def _passed(
        self, body: bytearray, error: WireError, in_force: InForce
    ) -> tuple[Request, Decision]:
        """The answer about what is no review, where its head says that nothing is enforced there.

        Raises RejectedError (400) for anything else.
        """
        with suppress(WireError, RejectedError):
            request = object_size.decode_head(body, self._hook)
            settings = in_force.current.of(request.namespace)
            if not settings.enforced:
                return request, decide_unreviewed(
                    request, settings, 400, str(error), in_force.noted, error
                )
        raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None

    def _learned(self, asked: memo_key.Recognised, in_force: InForce) -> Kept | None:
        """The answer about the key of a body; None where there is none that others may get."""
        if not self._memo.may_keep(self._path, asked):
            return None
        kept = None
        request = decode_review(asked.key, self._hook)
        if memo_key.is_faithful(asked, request):
            decision = self._decided(request, asked.key, in_force)
            kept = self._memo.keep(self._path, asked, request, decision)
        if kept is None:
            self._memo.give_up(self._path, asked)
        return kept

    def _decided(self, request: Request, body: bytes | bytearray, in_force: InForce) -> Decision:
        # A review edits the object in place: for other settings it is read anew.
        namespace = request.namespace
        others = ((self._decoded(body), each.of(namespace)) for each in in_force.accepted)
        return make_decision(
            self._reviewer,
            request,
            in_force.current.of(namespace),
            self._scope,
            others,
            in_force.noted,
        )

    def _decoded(self, body: bytes | bytearray) -> Request:
        """The request, and which runtime classes there are.

        No review of a pod reads these, so the memo, which keeps answers about pods alone, does not
        depend on them.
        """
        return decode_review(body, self._hook, self._settings.runtime_classes)
