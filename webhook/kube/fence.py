"""Writes of a leader: none is sent, or waited for, after another one may lead.

A process that was stopped for a minute goes on in the middle of what it did, before any of its
timers has told it that the minute has passed.
"""

from collections.abc import Callable
from typing import Any

from webhook.kube.api_request import ApiRequest
from webhook.kube.counted import CountedApi
from webhook.kube.errors import ApiError


class NotLeading(ApiError):  # noqa: N818 - named like the API server's own
    """Another one may lead by now, so that nothing is written."""

    def __init__(self, call: str) -> None:
        super().__init__(0, "NotLeading", f"{call}: not sent, another controller may lead by now")


class LeadersApi(CountedApi):
    """`left` says for how many seconds we surely lead; until it is set, nothing is written."""

    left: Callable[[], float] = staticmethod(lambda: 0.0)

    async def _call(self, request: ApiRequest, seconds: float) -> dict[str, Any]:
        if request.method != "GET":
            left = self.left()
            if left <= 0:
                raise NotLeading(request.call)
            seconds = min(seconds, left)
        return await super()._call(request, seconds)
