"""What can be alerted on is there from the start, so that its first increase is seen."""

import pytest

from webhook.observe.metrics import RECONCILERS, ControllerMetrics


@pytest.mark.parametrize("reconciler", RECONCILERS)
def test_the_errors_of_each_reconciler_begin_at_zero(reconciler: str) -> None:
    registry = ControllerMetrics().registry
    labels = {"reconciler": reconciler}

    assert registry.get_sample_value("mcp_admission_reconcile_errors_total", labels) == 0


def test_requests_and_restarts_are_counted_by_their_resource() -> None:
    metrics = ControllerMetrics()
    metrics.request_sent("list", "pods")
    metrics.request_sent("list", "pods")
    metrics.watch_restarted("pods", "gone")

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"mcp_admission_{name}", labels)

    assert value("api_requests_total", verb="list", resource="pods") == 2
    assert value("watch_restarts_total", resource="pods") == 1


def test_a_process_that_leads_no_more_shows_nothing_of_the_cluster() -> None:
    """Numbers of a former leader would stay as they were, beside those of the next."""
    metrics = ControllerMetrics()
    value = metrics.registry.get_sample_value
    metrics.leads(True)
    metrics.servers.labels("not-running").set(3)
    metrics.certificate_faults.set(2)
    assert value("mcp_admission_leader") == 1
    assert value("mcp_admission_servers", {"state": "not-running"}) == 3

    metrics.leads(False)

    assert value("mcp_admission_leader") == 0
    assert value("mcp_admission_servers", {"state": "not-running"}) is None
    assert value("mcp_admission_certificate_faults") is None
