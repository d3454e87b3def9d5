"""What is kept of servers that are followed, and who is told of a change."""

from typing import Any

import pytest

from tests.health.objects import deployment, pod, progressing, replica_failure, waiting
from webhook.health import INCOMPLETE, NOT_RUNNING, ObservedServers
from webhook.health.observed_servers import MOST_ASKED, MOST_CAUSES

Json = dict[str, Any]
NOW, LATER = "2026-03-01T12:00:00Z", "2026-03-01T12:05:00Z"
ASKS = {"containers": [{"name": "mcp", "envFrom": [{"secretRef": {"name": "keys"}}]}]}
CRASH = waiting("CrashLoopBackOff", restartCount=5)


class Followed(ObservedServers):
    """Servers, with those that are told to have changed, and the Secrets that exist."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.secrets: dict[str, bool | None] = {}
        super().__init__(lambda _, name: self.told.append(name))

    def taken(self) -> list[str]:
        told, self.told[:] = [*self.told], []
        return told

    def reasons(self, now: str = NOW) -> list[tuple[str, str]]:
        causes = self.causes("tools", "web", lambda name: self.secrets.get(name, False), now)
        return [(each.state, each.reason) for each in causes]


def server(*conditions: Json, spec: Json | None = None, **given: Any) -> Json:
    template = {"spec": spec or {"containers": [{"name": "mcp"}]}}
    return deployment(*conditions, template=template, **given)


def of_web(*statuses: Json, name: str = "web-5c9d-x1", **given: Any) -> Json:
    """A pod of the Deployment, with the statuses of its containers."""
    found = pod(containerStatuses=list(statuses), **given)
    owner = {"kind": "ReplicaSet", "name": "web-5c9d", "controller": True}
    hashed = {"pod-template-hash": "5c9d"}
    found["metadata"] |= {"name": name, "ownerReferences": [owner], "labels": hashed}
    return found


@pytest.fixture
def followed() -> Followed:
    found = Followed()
    found.put(server())
    assert found.taken() == ["web"]
    return found


def test_a_healthy_server_has_no_cause_and_is_told_of_once(followed: Followed) -> None:
    followed.put(server())
    followed.put_pod(of_web())

    assert (followed.reasons(), followed.taken()) == ([], [])


def test_what_the_status_of_the_deployment_says_is_a_cause_until_it_says_so_no_more(
    followed: Followed,
) -> None:
    followed.put(server(replica_failure("pods is forbidden: exceeded quota: none")))
    assert (followed.reasons(), followed.taken()) == ([(NOT_RUNNING, "QuotaExceeded")], ["web"])

    followed.put(server())
    assert (followed.reasons(), followed.taken()) == ([], ["web"])


def test_what_a_pod_says_is_a_cause_until_it_is_ready_or_gone(followed: Followed) -> None:
    for ends in (followed.put_pod, lambda _: followed.forget_pod("tools", "web-5c9d-x1")):
        followed.put_pod(of_web(CRASH))
        followed.put_pod(of_web(CRASH))
        assert (followed.reasons(), followed.taken()) == ([(NOT_RUNNING, "CrashLoop")], ["web"])

        ends(of_web())
        assert (followed.reasons(), followed.taken()) == ([], ["web"])


def test_a_pod_that_fails_beside_a_ready_one_is_no_cause(followed: Followed) -> None:
    followed.put(server(ready=1, updated=1))
    followed.put_pod(of_web(CRASH))

    assert followed.reasons() == []


def test_what_explains_it_takes_the_place_of_what_does_not(followed: Followed) -> None:
    followed.put(server(progressing("NewReplicaSetAvailable")))
    assert followed.reasons() == [(NOT_RUNNING, "NoPodReady")]

    followed.put_pod(of_web(CRASH))
    assert followed.reasons() == [(NOT_RUNNING, "CrashLoop")]


def test_pods_of_nobody_are_not_kept(followed: Followed) -> None:
    followed.put_pod(pod(containerStatuses=[CRASH]))

    assert (followed.reasons(), followed.taken()) == ([], [])


def test_however_many_pods_fail_so_many_causes_are_told(followed: Followed) -> None:
    for number in range(2 * MOST_CAUSES):
        status = waiting("ErrImagePull", f"not {number}", image="mcp:1")
        followed.put_pod(of_web(status, name=f"web-5c9d-{number}"))

    assert len(followed.reasons()) == MOST_CAUSES


def test_a_secret_is_missing_since_it_was_asked_for_first(followed: Followed) -> None:
    followed.put(server(spec=ASKS, ready=1, updated=1))
    for now in (NOW, LATER):
        (cause,) = followed.causes("tools", "web", lambda _: False, now)
        assert (cause.state, cause.reason, cause.since) == (INCOMPLETE, "SecretMissing", NOW)
        assert cause.seen == "spec.containers[mcp].envFrom"

    assert followed.causes("tools", "web", lambda _: True, LATER) == ()
    (cause,) = followed.causes("tools", "web", lambda _: False, LATER)
    assert cause.since == LATER


def test_where_nobody_knows_which_secrets_exist_none_is_missing(followed: Followed) -> None:
    followed.put(server(spec=ASKS))
    followed.secrets["keys"] = None

    assert followed.reasons() == []


def test_whoever_asks_for_a_secret_is_told_that_it_came_or_went(followed: Followed) -> None:
    followed.put(server(spec=ASKS))
    followed.taken()
    for place in (("tools", "keys"), ("tools", "others"), ("elsewhere", "keys")):
        followed.secret_changed(*place)
    assert followed.taken() == ["web"]

    followed.put(server())
    followed.taken()
    followed.secret_changed("tools", "keys")
    assert followed.taken() == []


def test_of_a_server_that_is_none_any_more_nothing_is_kept(followed: Followed) -> None:
    followed.put(server(replica_failure("exceeded quota: none"), spec=ASKS))
    followed.reasons()
    followed.put_pod(of_web(CRASH))
    followed.taken()

    followed.forget("tools", "web")
    followed.forget("tools", "web")
    assert (followed.reasons(), followed.taken()) == ([], ["web"])
    followed.forget_pod("tools", "web-5c9d-x1")
    kept = [each for each in vars(followed).values() if isinstance(each, dict) and each]
    assert kept == [followed.secrets] * bool(followed.secrets)


def test_of_the_secrets_of_one_server_so_many_are_looked_at(followed: Followed) -> None:
    many = [{"name": f"s{number}", "secret": {"secretName": f"s{number}"}} for number in range(300)]
    followed.put(server(spec={"containers": [], "volumes": many}))

    assert len(followed.reasons()) == MOST_ASKED
