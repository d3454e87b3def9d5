"""What a person may do, as the API server says: pages leave out buttons that would be refused.

It is a courtesy, no check. Every call carries the person's own credentials, and the API server
decides again.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from webhook.kube import Api, cluster_wide

AUTHORIZATION = "authorization.k8s.io/v1"
REMEMBERED_SECONDS = 60.0
MOST_REMEMBERED, LONGEST_NAME = 2000, 253


class Right(NamedTuple):
    """One thing that somebody may do, as roles name it; empty is all namespaces, or any name."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class Rights:
    """The answers for one person, each remembered for a minute; the oldest makes room."""

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._clock = api, clock
        self._answers: dict[Right, tuple[float, asyncio.Future[bool]]] = {}

    async def may(self, right: Right) -> bool:
        """Whether the API server allows it; raises ApiError where it does not say.

        Names come from addresses and forms: what nothing can be called is not asked about.
        """
        if max(map(len, right)) > LONGEST_NAME:
            return False
        asked, answer = self._answers.get(right, (0.0, None))
        if answer is None or self._clock() - asked >= REMEMBERED_SECONDS or _failed(answer):
            answer = asyncio.ensure_future(self._ask(right))
            self._answers.pop(right, None)
            while len(self._answers) >= MOST_REMEMBERED:
                self._answers.pop(next(iter(self._answers)))
            self._answers[right] = self._clock(), answer
        # Several pages may wait for it: one that leaves does not end it for the others.
        return await asyncio.shield(answer)

    async def close(self) -> None:
        """Forget them, and ask no more."""
        for _, answer in self._answers.values():
            answer.cancel()
        self._answers.clear()

    async def _ask(self, right: Right) -> bool:
        attributes = {key: value for key, value in right._asdict().items() if value}
        body = {
            "apiVersion": AUTHORIZATION,
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = cluster_wide(AUTHORIZATION, "selfsubjectaccessreviews")
        answer = await self._api.create(path, body)
        return (answer.get("status") or {}).get("allowed") is True


def _failed(answer: asyncio.Future[bool]) -> bool:
    """Whether it ended without an answer; looking marks its error as seen."""
    return answer.done() and (answer.cancelled() or answer.exception() is not None)
