"""Numbers of a leader: shown while it knows them, and not by anybody else."""

from prometheus_client import CollectorRegistry, generate_latest

from webhook.observe.instruments import Children, LeaderGauge


def gauge(*labels: str) -> tuple[LeaderGauge, CollectorRegistry]:
    registry = CollectorRegistry()
    return LeaderGauge("waiting", "What waits.", labels, registry=registry), registry


def lines(registry: CollectorRegistry) -> list[str]:
    return generate_latest(registry).decode().splitlines()


HEAD = ["# HELP waiting What waits.", "# TYPE waiting gauge"]


def test_what_nobody_has_looked_at_is_not_zero() -> None:
    _, registry = gauge()

    assert lines(registry) == HEAD


def test_a_number_is_shown_from_the_first_look_until_it_is_forgotten() -> None:
    found, registry = gauge()
    found.set(0)
    assert lines(registry) == [*HEAD, "waiting 0.0"]
    found.set(2)
    assert lines(registry) == [*HEAD, "waiting 2.0"]
    found.clear()
    assert lines(registry) == HEAD
    found.set(1)
    assert lines(registry) == [*HEAD, "waiting 1.0"]


def test_so_is_a_number_with_labels() -> None:
    found, registry = gauge("state")
    found.labels("current").set(3)
    assert lines(registry) == [*HEAD, 'waiting{state="current"} 3.0']
    found.clear()
    assert lines(registry) == HEAD


def test_a_child_is_asked_for_once() -> None:
    asked: list[tuple[str, ...]] = []

    def labels(*values: str) -> int:
        asked.append(values)
        return len(asked)

    children = Children(labels)

    assert [children["a", "b"], children["a", "b"], children["a", "c"]] == [1, 1, 2]
    assert asked == [("a", "b"), ("a", "c")]
