"""Sessions are bounded in number and time, and end with the credentials that began them."""

import pytest

from tests.console.frame.test_person import Broken, Thing
from tests.console.played_cluster import ALICE, REVIEW, PlayedCluster
from webhook.console.frame import sessions as module
from webhook.console.frame.person import Identity, read_identity
from webhook.console.frame.sessions import (
    IDLE_SECONDS,
    LONGEST_SECONDS,
    MOST_OF_ONE,
    REVIEWED_SECONDS,
    Admitted,
    Sessions,
)
from webhook.kube import Api, ApiError
from webhook.kube.access.credentials import FixedHeader

HERE = Admitted(Identity("alice"))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(api: Api, clock: Clock) -> Sessions:
    return Sessions(api, clock)


async def test_a_cookie_finds_its_session(sessions: Sessions) -> None:
    cookie, session = await sessions.begin(HERE)

    assert await sessions.find(cookie, used=True) is session
    assert await sessions.find(cookie + "x", used=True) is None
    assert await sessions.find("\udce4", used=True) is None
    assert cookie not in repr(vars(sessions))


@pytest.mark.parametrize(("used", "found"), [(True, True), (False, False)])
async def test_an_idle_session_ends_and_refreshing_is_no_use(
    sessions: Sessions, clock: Clock, used: bool, found: bool
) -> None:
    cookie, _ = await sessions.begin(HERE)
    clock.now += IDLE_SECONDS - 1
    assert await sessions.find(cookie, used=used)

    clock.now += 1

    assert bool(await sessions.find(cookie, used=True)) is found


async def test_no_session_lasts_longer_than_half_a_day(sessions: Sessions, clock: Clock) -> None:
    cookie, _ = await sessions.begin(HERE)
    ends = clock.now + LONGEST_SECONDS
    clock.now += IDLE_SECONDS - 1
    while clock.now < ends:
        assert await sessions.find(cookie, used=True)
        clock.now += IDLE_SECONDS - 1

    assert await sessions.find(cookie, used=True) is None


class Busy(Thing):
    busy = True


async def test_what_goes_on_for_a_person_keeps_the_last_session(
    sessions: Sessions, clock: Clock
) -> None:
    _, idle = await sessions.begin(HERE)
    cookie, session = await sessions.begin(HERE)
    thing = session.person.kept(Busy, Busy)
    assert session.person.busy
    session.used += 1

    clock.now += IDLE_SECONDS + 1
    await sessions.end_overdue()
    assert await sessions.find(cookie, used=False) is session
    assert idle.key not in sessions._sessions

    thing.busy = False
    clock.now += IDLE_SECONDS - 1
    assert await sessions.find(cookie, used=False) is session
    clock.now += 1
    assert await sessions.find(cookie, used=False) is None


async def test_nothing_keeps_a_session_longer_than_half_a_day(
    sessions: Sessions, clock: Clock
) -> None:
    cookie, session = await sessions.begin(HERE)
    session.person.kept(Busy, Busy)

    clock.now += LONGEST_SECONDS

    assert await sessions.find(cookie, used=True) is None


async def test_what_is_over_is_swept_with_what_was_kept(sessions: Sessions, clock: Clock) -> None:
    _, session = await sessions.begin(HERE)
    thing = session.person.kept(Thing, Thing)
    session.person.kept(Broken, Broken)
    await sessions.end_overdue()
    assert not thing.closings

    clock.now += IDLE_SECONDS
    await sessions.end_overdue()

    assert thing.closings == ["alice"]
    assert not sessions._sessions
    assert not sessions._persons


async def test_sessions_of_one_identity_share_the_person(sessions: Sessions) -> None:
    _, one = await sessions.begin(HERE)
    _, two = await sessions.begin(HERE)
    _, other = await sessions.begin(Admitted(Identity("alice", groups=("admins",))))
    thing = one.person.kept(Thing, Thing)

    assert one.person is two.person is not other.person
    assert one.csrf != two.csrf
    await sessions.end(one)
    await sessions.end(one)
    assert not thing.closings
    await sessions.end(two)
    assert thing.closings == ["alice"]


async def test_one_person_has_few_sessions_and_the_console_not_many(
    sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SESSIONS", MOST_OF_ONE + 2)
    cookies = []
    for _ in range(MOST_OF_ONE + 1):
        clock.now += 1
        cookies.append((await sessions.begin(HERE))[0])
    assert await sessions.find(cookies[0], used=True) is None
    assert await sessions.find(cookies[1], used=True)

    for name in ("b", "c", "d"):
        clock.now += 1
        await sessions.begin(Admitted(Identity(name)))

    assert len(sessions._sessions) == MOST_OF_ONE + 2
    assert await sessions.find(cookies[2], used=True) is None
    assert await sessions.find(cookies[1], used=True)


async def test_a_tenant_with_many_accounts_ends_no_session_of_others(
    sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SESSIONS", 6)
    cookie, _ = await sessions.begin(HERE)
    neighbour, _ = await sessions.begin(Admitted(Identity("system:serviceaccount:team-b:ci")))
    for at in range(20):
        clock.now += 1
        name = f"system:serviceaccount:team-a:{at}"
        newest, _ = await sessions.begin(Admitted(Identity(name)))

    assert len(sessions._sessions) == 6
    for each in (cookie, neighbour, newest):
        assert await sessions.find(each, used=True)


async def test_newer_credentials_of_a_person_are_used(
    played: PlayedCluster, api: Api, sessions: Sessions
) -> None:
    played.users |= {"one": ALICE, "two": ALICE}
    played.objects["/a"] = {}
    _, session = await sessions.begin(await with_token(api, "one"), b"1")
    played.calls.clear()

    sessions.renew(session, FixedHeader("Bearer two"), b"2")
    await session.api.get("/a")
    await session.person.api.get("/a")

    assert [token for *_, token in played.calls] == ["two", "two"]
    assert session.vouched == b"2"


async def with_token(api: Api, token: str) -> Admitted:
    credentials = FixedHeader(f"Bearer {token}")
    return Admitted(await read_identity(api.acting_as(credentials)), credentials)


async def test_each_session_acts_with_its_own_token(
    played: PlayedCluster, api: Api, sessions: Sessions
) -> None:
    played.users |= {"one": ALICE, "two": ALICE}
    played.objects["/a"] = {}
    (_, one), (_, two) = [
        await sessions.begin(await with_token(api, token)) for token in ("one", "two")
    ]
    played.calls.clear()

    await one.api.get("/a")
    await two.api.get("/a")
    await one.person.api.get("/a")
    await sessions.end(two)
    await one.person.api.get("/a")

    assert [token for *_, token in played.calls] == ["one", "two", "two", "one"]
    await sessions.end(one)
    with pytest.raises(ApiError, match="sign in again"):
        await one.person.api.get("/a")


@pytest.mark.parametrize("change", ["revoked", "another identity"])
async def test_a_token_is_reviewed_again_after_a_minute(
    played: PlayedCluster, api: Api, sessions: Sessions, clock: Clock, change: str
) -> None:
    played.users["t"] = ALICE
    cookie, _ = await sessions.begin(await with_token(api, "t"))
    reviews = played.asked(REVIEW)
    played.users["t"] = ALICE | {"groups": []}
    if change == "revoked":
        del played.users["t"]

    clock.now += REVIEWED_SECONDS - 1
    assert await sessions.find(cookie, used=True)
    assert played.asked(REVIEW) == reviews
    clock.now += 1
    assert await sessions.find(cookie, used=True) is None
    assert not sessions._persons


async def test_an_outage_ends_no_session(
    played: PlayedCluster, api: Api, sessions: Sessions, clock: Clock
) -> None:
    played.users["t"] = ALICE
    cookie, _ = await sessions.begin(await with_token(api, "t"))
    clock.now += REVIEWED_SECONDS
    path = f"/apis/authentication.k8s.io/v1{REVIEW}"
    played.failures[path] = (500, "InternalError")
    with pytest.raises(ApiError):
        await sessions.find(cookie, used=True)

    del played.failures[path]

    assert await sessions.find(cookie, used=True)


async def test_the_end_of_the_process_ends_all(sessions: Sessions) -> None:
    _, session = await sessions.begin(HERE)
    thing = session.person.kept(Thing, Thing)

    await sessions.close()

    assert thing.closings == ["alice"]
