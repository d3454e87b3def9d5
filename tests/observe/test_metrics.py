"""Counting without a label that a client could choose."""

from webhook.observe.metrics import Metrics, Review

POD = Review("mutate", "opted-in", "CREATE", "Pod", "patched", dry_run=False)


def _lines(metrics: Metrics, name: str) -> list[str]:
    text = metrics.render().decode()
    return [line for line in text.splitlines() if line.startswith(f"mcp_admission_{name}")]


def test_reviews_are_counted_by_what_they_were() -> None:
    metrics = Metrics()
    metrics.reviewed(POD, 0.001)
    metrics.reviewed(POD, 0.003)
    metrics.reviewed(POD._replace(dry_run=True), 0.001)

    prefix = (
        'reviews_total{decision="patched",dry_run="%s",hook="mutate",kind="Pod",'
        'operation="CREATE",scope="opted-in"}'
    )
    assert _lines(metrics, "reviews_total") == [
        f"mcp_admission_{prefix % 'false'} 2.0",
        f"mcp_admission_{prefix % 'true'} 1.0",
    ]
    assert _lines(metrics, "review_duration_seconds_count") == [
        'mcp_admission_review_duration_seconds_count{hook="mutate"} 3.0'
    ]


def test_clients_cannot_make_time_series() -> None:
    """A thousand invented kinds and operations are one series."""
    metrics = Metrics()
    for number in range(1000):
        metrics.reviewed(POD._replace(kind=f"K{number}", operation=f"O{number}"), 0.001)

    (line,) = _lines(metrics, "reviews_total")
    assert 'kind="other",operation="other"' in line
    assert line.endswith(" 1000.0")


def test_a_watched_file_is_shown_before_it_changes() -> None:
    """An alert on a counter needs its zero."""
    metrics = Metrics()
    metrics.watched(["certificate"])

    assert _lines(metrics, "file") == [
        'mcp_admission_file_reloads_total{file="certificate",result="success"} 0.0',
        'mcp_admission_file_reloads_total{file="certificate",result="failure"} 0.0',
        'mcp_admission_file_refused{file="certificate"} 0.0',
    ]


def test_a_refused_file_is_shown_until_it_is_mended() -> None:
    metrics = Metrics()
    value = metrics.registry.get_sample_value
    metrics.reloaded("settings", taken=False)
    assert value("mcp_admission_file_refused", {"file": "settings"}) == 1
    metrics.reloaded("settings", taken=True)

    assert value("mcp_admission_file_refused", {"file": "settings"}) == 0
    for result in ("success", "failure"):
        labels = {"file": "settings", "result": result}
        assert value("mcp_admission_file_reloads_total", labels) == 1


def test_names_end_with_their_unit() -> None:
    metrics = Metrics()
    metrics.reviewed(POD, 0.001)
    text = metrics.render().decode()
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE mcp_")}

    assert names
    counts = {"in_flight_requests", "waiting_reviews", "open_connections"}
    for name in names - {
        "mcp_admission_file_refused",
        *(f"mcp_admission_{name}" for name in counts),
    }:
        assert name.endswith(("_total", "_seconds", "_bytes", "_info"))
    assert "_created" not in text
    assert "process_resident_memory_bytes" in text


def test_two_processes_do_not_share_counters() -> None:
    one, other = Metrics(), Metrics()
    one.findings["privileged", "error"].inc()
    one.rejected_requests.labels(404).inc()

    for name in ("findings", "rejected"):
        assert len(_lines(one, name)) == 1
        assert not _lines(other, name)
