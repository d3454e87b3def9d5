"""Who leads, in virtual time, over an API that answers, fails or keeps silent as told."""

import asyncio
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from tests.kube.virtual_time import run
from webhook.kube.errors import AlreadyExists, Conflict, NotFound, Unreachable
from webhook.kube.lease import Lease

Json = dict[str, Any]
NAME = "mcp-admission-control"


class Stored:
    """One Lease as an API server stores it: versions grow, stale writes are conflicts."""

    def __init__(self) -> None:
        self.found: Json | None = None
        self.version = 0
        self.holders: list[str] = []

    def store(self, body: Json) -> Json:
        self.version += 1
        metadata = {**body["metadata"], "resourceVersion": str(self.version)}
        self.found = {**body, "metadata": metadata}
        self.holders.append(body["spec"]["holderIdentity"])
        return self.found


class Line:
    """The way from one process to the API server: working, cut, or silent."""

    def __init__(self, stored: Stored) -> None:
        self.stored, self.state = stored, "up"
        self.lost_answers = 0
        self.requests = 0

    async def _reached(self, seconds: float) -> None:
        self.requests += 1
        if self.state == "silent":
            await asyncio.sleep(seconds)
            raise Unreachable("no answer in time")
        if self.state == "cut":
            raise Unreachable("connection refused")
        await asyncio.sleep(0.01)

    async def get(self, _: str, *, seconds: float) -> Json:
        await self._reached(seconds)
        if self.stored.found is None:
            raise NotFound(404, "NotFound", "none")
        return self.stored.found

    async def create(self, _: str, body: Json, *, seconds: float) -> Json:
        await self._reached(seconds)
        if self.stored.found is not None:
            raise AlreadyExists(409, "AlreadyExists", "there is one")
        return self.stored.store(body)

    async def replace(self, _: str, body: Json, *, seconds: float) -> Json:
        await self._reached(seconds)
        if self.stored.found is None:
            raise NotFound(404, "NotFound", "none")
        if body["metadata"]["resourceVersion"] != self.stored.found["metadata"]["resourceVersion"]:
            raise Conflict(409, "Conflict", "the object has been modified")
        answer = self.stored.store(body)
        if self.lost_answers:
            self.lost_answers -= 1
            raise Unreachable("the answer was lost")
        return answer


class Candidate:
    """A process that wants to lead, and when it worked."""

    def __init__(self, stored: Stored, identity: str, **given: Any) -> None:
        self.line = Line(stored)
        self.spans: list[list[float]] = []
        self.told: list[bool] = []
        self.cleanup = 0.0
        self.lease = Lease(self.connect, "/leases", NAME, identity, self.told.append, **given)

    async def connect(self) -> Any:
        return nullcontext(self.line)

    async def work(self) -> None:
        loop = asyncio.get_running_loop()
        span = [loop.time()]
        self.spans.append(span)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(self.cleanup)
            span.append(loop.time())

    async def stand(self) -> None:
        await self.lease.run(self.work)


def at(seconds: float, do: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_later(seconds, do)


async def stand(seconds: float, *candidates: Candidate) -> None:
    tasks = [asyncio.create_task(each.stand()) for each in candidates]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def overlapping(*candidates: Candidate) -> bool:
    spans = sorted(span for each in candidates for span in each.spans)
    return any(one[1] > other[0] for one, other in pairwise(spans))


def test_an_absent_lease_is_created_and_renewed_every_two_seconds() -> None:
    async def main() -> tuple[Stored, Candidate]:
        stored = Stored()
        one = Candidate(stored, "one")
        at(60, lambda: stored.holders.append("a minute later"))
        await stand(60.5, one)
        return stored, one

    stored, one = run(main())
    assert one.told == [True, False]
    renewed = stored.holders.index("a minute later")
    assert 28 <= renewed <= 31
    assert stored.found is not None
    assert stored.found["spec"]["leaseDurationSeconds"] == 1, "released"
    assert stored.found["spec"]["holderIdentity"] == ""


def test_times_are_utc_with_microseconds_wherever_the_process_runs() -> None:
    newyork = timezone(timedelta(hours=-5))
    noon = datetime(2030, 1, 2, 12, tzinfo=newyork)

    async def main() -> Json:
        stored = Stored()
        await stand(3, Candidate(stored, "one", now=lambda: noon))
        assert stored.found is not None
        spec: Json = stored.found["spec"]
        return spec

    spec = run(main())
    assert spec["renewTime"] == spec["acquireTime"] == "2030-01-02T17:00:00.000000Z"


def test_one_leads_and_the_other_follows_at_once_when_it_leaves() -> None:
    async def main() -> tuple[Candidate, Candidate, Stored]:
        stored = Stored()
        one, other = Candidate(stored, "one"), Candidate(stored, "other")
        first = asyncio.create_task(one.stand())
        await asyncio.sleep(1)
        second = asyncio.create_task(other.stand())
        await asyncio.sleep(40)
        assert not other.spans
        first.cancel()
        await asyncio.sleep(4)
        assert other.spans, "a lease that is given up is taken within a retry"
        second.cancel()
        await asyncio.wait([first, second])
        return one, other, stored

    one, other, stored = run(main())
    assert not overlapping(one, other)
    assert stored.found is not None
    assert stored.found["spec"]["leaseTransitions"] == 1


@pytest.mark.parametrize("state", ["cut", "silent"])
def test_the_work_ends_before_anybody_else_can_lead(state: str) -> None:
    """Cut off or left without answers, even a slow cleanup is over when the other starts."""

    async def main() -> tuple[Candidate, Candidate]:
        stored = Stored()
        one, other = Candidate(stored, "one"), Candidate(stored, "other")
        one.cleanup = 4.5
        tasks = [asyncio.create_task(one.stand())]
        await asyncio.sleep(1)
        tasks.append(asyncio.create_task(other.stand()))
        await asyncio.sleep(29)
        one.line.state = state
        await asyncio.sleep(40)
        assert one.lease.remaining == 0
        assert other.lease.remaining > 0
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return one, other

    one, other = run(main())
    assert len(one.spans) == len(other.spans) == 1
    assert one.spans[0][1] < 30 + 10 + 4.6
    assert not overlapping(one, other)
    assert other.spans[0][0] < 30 + 15 + 5


def test_a_renewal_is_one_request() -> None:
    async def main() -> tuple[int, int]:
        stored = Stored()
        one = Candidate(stored, "one")
        await stand(60, one)
        return one.line.requests, len(stored.holders)

    requests, written = run(main())
    assert requests == written + 1, "it looks once, before it leads"


def test_a_lease_that_is_deleted_is_made_again() -> None:
    async def main() -> tuple[Stored, Candidate]:
        stored = Stored()
        one = Candidate(stored, "one")
        at(10.5, lambda: setattr(stored, "found", None))
        await stand(20, one)
        return stored, one

    stored, one = run(main())
    assert len(one.spans) == 1
    assert stored.found is not None


def test_a_short_outage_ends_nothing() -> None:
    async def main() -> Candidate:
        one = Candidate(Stored(), "one")
        for start in (10, 30, 50):
            at(start, lambda: setattr(one.line, "state", "cut"))
            at(start + 7, lambda: setattr(one.line, "state", "up"))
        await stand(80, one)
        return one

    assert len(run(main()).spans) == 1


def test_a_renewal_whose_answer_was_lost_is_no_loss() -> None:
    async def main() -> Candidate:
        one = Candidate(Stored(), "one")
        at(10, lambda: setattr(one.line, "lost_answers", 2))
        await stand(60, one)
        return one

    assert len(run(main()).spans) == 1


def test_a_lease_that_somebody_else_took_ends_the_work_at_the_next_renewal() -> None:
    async def main() -> Candidate:
        stored = Stored()
        one = Candidate(stored, "one")

        def steal() -> None:
            assert stored.found is not None
            stored.store({**stored.found, "spec": {**stored.found["spec"], "holderIdentity": "x"}})

        at(10.5, steal)
        await stand(14, one)
        return one

    (span,) = run(main()).spans
    assert 10.5 <= span[1] <= 13


def test_a_holder_that_is_gone_is_followed_after_the_duration_by_our_clock() -> None:
    """Its times lie in the future, because its clock is wrong."""

    async def main() -> Candidate:
        stored = Stored()
        future = "2090-01-01T00:00:00.000000Z"
        spec = {"holderIdentity": "gone", "leaseDurationSeconds": 15, "renewTime": future}
        stored.store({"metadata": {"name": NAME}, "spec": spec})
        one = Candidate(stored, "one")
        await stand(30, one)
        return one

    (span,) = run(main()).spans
    assert 15 <= span[0] <= 15 + 2 * 1.2 + 0.1


def test_work_that_fails_is_told_and_gives_the_lease_up() -> None:
    async def main() -> Stored:
        stored = Stored()
        one = Candidate(stored, "one")

        async def fail() -> None:
            await asyncio.sleep(3)
            raise ValueError("broken")

        with pytest.raises(ValueError, match="broken"):
            await one.lease.run(fail)
        return stored

    assert run(main()).holders[-1] == ""


def test_work_that_ends_is_not_begun_again() -> None:
    async def main() -> list[bool]:
        one = Candidate(Stored(), "one")

        async def finish() -> None:
            await asyncio.sleep(3)

        await one.lease.run(finish)
        return one.told

    assert run(main()) == [True, False]


@pytest.mark.parametrize(
    ("renewed", "holder", "was_away"),
    [
        ("2026-01-01T11:59:58.000000Z", "", False),
        ("2026-01-01T11:59:30.000000Z", "", True),
        ("2026-01-01T11:00:00.000000Z", "gone", True),
        (None, "", True),
    ],
    ids=["handed over", "given up a while ago", "ended", "never renewed"],
)
def test_a_new_leader_knows_whether_nobody_led(
    renewed: str | None, holder: str, was_away: bool
) -> None:
    async def main() -> Candidate:
        stored = Stored()
        spec = {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15}
        stored.store({"metadata": {"name": NAME}, "spec": spec})
        one = Candidate(stored, "one", now=lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))
        assert one.lease.was_away
        await stand(20, one)
        return one

    one = run(main())

    assert one.told == [True, False]
    assert one.lease.was_away is was_away


def test_the_default_clock_is_right() -> None:
    async def main() -> str:
        stored = Stored()
        await stand(1, Candidate(stored, "one"))
        assert stored.found is not None
        return str(stored.found["spec"]["renewTime"])

    text = run(main())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    told = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


def test_a_process_that_hangs_does_not_renew_and_another_leads() -> None:
    async def main() -> tuple[Candidate, Candidate]:
        stored = Stored()
        reasons: list[str] = []
        one = Candidate(stored, "one", hangs=lambda: reasons[0] if reasons else None)
        other = Candidate(stored, "other")
        at(1, lambda: tasks.append(asyncio.create_task(other.stand())))
        at(30, lambda: reasons.append("nothing has moved for 30 seconds"))
        tasks = [asyncio.create_task(one.stand())]
        await asyncio.sleep(60)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return one, other

    one, other = run(main())
    assert one.spans[0][1] < 33
    assert 30 < other.spans[0][0] < 36
    assert not overlapping(one, other)


@pytest.mark.parametrize("away", [0, 60], ids=["handed over", "nobody led"])
def test_what_the_work_says_is_written_with_the_next_renewal(away: float) -> None:
    kept, ours = "example.com/kept", "mcp-admission.dev/replicas"

    async def main() -> list[Json]:
        stored, seen = Stored(), list[Json]()
        later = timedelta(seconds=away)
        one = Candidate(stored, "one")
        two = Candidate(stored, "two", now=lambda: datetime.now(UTC) + later)

        def look() -> None:
            assert stored.found is not None
            seen.append({**stored.found["metadata"]["annotations"]})

        def note() -> None:
            assert stored.found is not None
            version = {"resourceVersion": "9999"}
            metadata = stored.found["metadata"] | version | {"annotations": {kept: "by others"}}
            stored.found = {**stored.found, "metadata": metadata}

        first = asyncio.create_task(one.stand())
        at(3, note)
        at(3.5, lambda: one.lease.says.update({ours: "a"}))
        at(7, look)
        await asyncio.sleep(8)
        second = asyncio.create_task(two.stand())
        first.cancel()
        await asyncio.wait([first])
        await asyncio.sleep(6)
        look()
        second.cancel()
        await asyncio.wait([second])
        return seen

    said = {kept: "by others", ours: "a"}
    assert run(main()) == [said, {kept: "by others"} if away else said]
