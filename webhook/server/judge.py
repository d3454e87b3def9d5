"""The reviews of one path: decoded, decided, counted and logged.

`Judge.answer` reads top to bottom: decode_review, make_decision (which calls the review and
encode_review), record_decision.
"""

import time
from http import HTTPStatus

from webhook.admission import Hook, Request, Scope
from webhook.observe.metrics import Metrics
from webhook.server import admission_review, object_size
from webhook.server.file_watch import SettingsFile
from webhook.server.review_log import record_decision
from webhook.server.turns import RejectedError


class Judge:
    """Answers the reviews of one path: decodes, decides, counts and logs, without a pause."""

    def __init__(
        self,
        hook: Hook,
        scope: Scope,
        *,
        settings: SettingsFile,
        metrics: Metrics,
        reviewer: admission_review.Reviewer,
    ) -> None:
        self._hook = hook
        self._scope = scope
        self._settings = settings
        self._metrics = metrics
        self._reviewer = reviewer

    def answer(self, body: bytearray, arrived: float) -> bytes:
        """The body of the answer to a review that came then; raises RejectedError (400)."""
        try:
            if object_size.too_many_objects(body):
                request = object_size.decode_head(body, self._hook)
                decision = object_size.refuse_unread(request, body)
            else:
                request = admission_review.decode_review(body, self._hook)
                decision = self._decide(request, body)
        except admission_review.WireError as error:
            raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
        seconds = time.monotonic() - arrived
        record_decision(request, self._scope, decision, seconds, self._metrics)
        return decision.body

    def _decide(self, request: Request, body: bytearray) -> admission_review.Decision:
        current, accepted = self._settings.in_force
        # A review edits the object in place: for other settings it is read anew.
        others = ((admission_review.decode_review(body, self._hook), each) for each in accepted)
        return admission_review.make_decision(self._reviewer, request, current, self._scope, others)
