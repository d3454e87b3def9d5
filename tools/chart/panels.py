"""The panels of the Grafana dashboards: what each shows, of which metrics, in which unit.

A query of a metric with the namespace of the pods behind `NS` is kept to the namespace that the
reader chose. Followers of the controller show nothing of servers, so the largest value is the
leader's.
"""

from typing import NamedTuple

NS = 'namespace=~"$namespace"'
RATE = "[$__rate_interval]"
COUNT, SECONDS, BYTES, PER_SECOND, CORES = "short", "s", "bytes", "reqps", "short"
PART, YES_NO = "percentunit", "bool_yes_no"
LINES, NUMBERS = "timeseries", "stat"


class Query(NamedTuple):
    """A PromQL expression, and what its series are called."""

    expr: str
    legend: str = "__auto"


class Panel(NamedTuple):
    """One picture; `kind` is a Grafana panel."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: str = LINES


class Dashboard(NamedTuple):
    """A page of panels, two a row, numbers four."""

    title: str
    description: str
    panels: tuple[Panel, ...]


def _ours(metric: str) -> str:
    """A metric that every process has, of the product's processes alone."""
    return f"{metric} and on (job, instance) mcp_admission_build_info{{{NS}}}"


def _quantiles(histogram: str, label: str) -> tuple[Query, ...]:
    buckets = f"sum by ({label}, le) (rate({histogram}_bucket{{{NS}}}{RATE}))"
    return tuple(
        Query(f"histogram_quantile({part}, {buckets})", f"{{{{{label}}}}} p{round(100 * part)}")
        for part in (0.5, 0.99)
    )


_ENFORCING = Panel(
    "Enforcing",
    "Whether a pod of a server that breaks a rule is rejected, as the controller's probe found it.",
    YES_NO,
    (Query(f"min by (scope) (mcp_admission_enforcing{{{NS}}})", "{{scope}}"),),
    NUMBERS,
)
_REASON = Panel(
    "Reason",
    "What the probe said last of each scope; docs/runbooks.md says what to do about each.",
    COUNT,
    (
        Query(
            f"max by (scope, reason) (mcp_admission_enforcing_info{{{NS}}})",
            "{{scope}}: {{reason}}",
        ),
    ),
)
_PROCESSES = (
    Panel(
        "Memory",
        "Resident memory of each process.",
        BYTES,
        (Query(_ours("process_resident_memory_bytes"), "{{pod}}"),),
    ),
    Panel(
        "Processor",
        "Processor seconds a second of each process.",
        CORES,
        (Query(_ours(f"rate(process_cpu_seconds_total{RATE})"), "{{pod}}"),),
    ),
)

FLEET = Dashboard(
    "MCP servers",
    "What runs, what does not, and whether anything is enforced.",
    (
        _ENFORCING,
        Panel(
            "Probed",
            "How long ago the controller probed the webhook.",
            SECONDS,
            (Query(f"time() - max(mcp_admission_enforcing_timestamp_seconds{{{NS}}})"),),
            NUMBERS,
        ),
        Panel(
            "Servers",
            "MCP servers in the cluster.",
            COUNT,
            (Query(f'max(mcp_admission_servers{{state="all", {NS}}})'),),
            NUMBERS,
        ),
        Panel(
            "Not running",
            "Servers that want pods and have none that is ready.",
            COUNT,
            (Query(f'max(mcp_admission_servers{{state="not-running", {NS}}})'),),
            NUMBERS,
        ),
        Panel(
            "Servers by state",
            "Each server has one state; docs/fleet.md says what each means.",
            COUNT,
            (Query(f'max by (state) (mcp_admission_servers{{state!="all", {NS}}})', "{{state}}"),),
        ),
        Panel(
            "Workloads rejected",
            "By kind, a second; dry runs are left out.",
            PER_SECOND,
            (
                Query(
                    "sum by (kind) (rate(mcp_admission_reviews_total"
                    f'{{decision=~"refused|would-refuse", dry_run="false", {NS}}}{RATE}))',
                    "{{kind}}",
                ),
            ),
        ),
        Panel(
            "Findings by rule",
            "What rules object to, a second: refusals and warnings.",
            PER_SECOND,
            (
                Query(
                    f"sum by (rule, severity) (rate(mcp_admission_findings_total{{{NS}}}{RATE}))",
                    "{{rule}}: {{severity}}",
                ),
            ),
        ),
        Panel(
            "Pods at the isolation gate",
            "Pods that wait for the network policy of their namespace.",
            COUNT,
            (Query(f"max(mcp_admission_gated_pods{{{NS}}})", "pods"),),
        ),
        _REASON,
        Panel(
            "Exceptions",
            "By state: in force, ending within seven days, ended, invalid.",
            COUNT,
            (Query(f"max by (state) (mcp_admission_exceptions{{{NS}}})", "{{state}}"),),
        ),
        Panel(
            "Settings",
            "Settings of the cluster and of namespaces: valid, or refused in whole or in part.",
            COUNT,
            (
                Query(
                    f"max by (kind, state) (mcp_admission_settings_resources{{{NS}}})",
                    "{{kind}}: {{state}}",
                ),
            ),
        ),
    ),
)

WEBHOOK = Dashboard(
    "Webhook",
    "Reviews of serve: how many, how fast, and what it turned away.",
    (
        _ENFORCING,
        Panel(
            "Replicas",
            "Webhook replicas that are scraped.",
            COUNT,
            (Query(f"count(mcp_admission_settings_info{{{NS}}})"),),
            NUMBERS,
        ),
        Panel(
            "Settings in force",
            "More than one for longer than a minute: some replicas lack a change.",
            COUNT,
            (Query(f"count(count by (digest) (mcp_admission_settings_info{{{NS}}}))"),),
            NUMBERS,
        ),
        Panel(
            "Failed reviews",
            "Reviews that failed themselves, in a day. Each is in the log with its uid.",
            COUNT,
            (Query(f"sum(increase(mcp_admission_internal_errors_total{{{NS}}}[1d]))"),),
            NUMBERS,
        ),
        Panel(
            "Reviews by decision",
            "Of one object, both hooks are asked.",
            PER_SECOND,
            (
                Query(
                    f"sum by (hook, decision) (rate(mcp_admission_reviews_total{{{NS}}}{RATE}))",
                    "{{hook}}: {{decision}}",
                ),
            ),
        ),
        Panel(
            "Time of a review",
            "From the head of its request to its answer. API servers wait for five seconds.",
            SECONDS,
            _quantiles("mcp_admission_review_duration_seconds", "hook"),
        ),
        Panel(
            "Under way",
            "Reviews that wait for their turn, and all requests without an answer.",
            COUNT,
            (
                Query(f"sum(mcp_admission_waiting_reviews{{{NS}}})", "waiting reviews"),
                Query(f"sum(mcp_admission_in_flight_requests{{{NS}}})", "requests"),
            ),
        ),
        Panel(
            "Turned away",
            "Requests that were not reviewed, by status. 503 waited too long or found no room.",
            PER_SECOND,
            (
                Query(
                    f"sum by (status) (rate(mcp_admission_rejected_requests_total{{{NS}}}{RATE}))",
                    "{{status}}",
                ),
            ),
        ),
        Panel(
            "Connections",
            "Open connections, by port.",
            COUNT,
            (Query(f"sum by (port) (mcp_admission_open_connections{{{NS}}})", "{{port}}"),),
        ),
        Panel(
            "Connections that failed",
            "Closed by the webhook, by reason; and TLS handshakes that failed, by cause.",
            PER_SECOND,
            (
                Query(
                    f"sum by (reason) (rate(mcp_admission_closed_connections_total{{{NS}}}{RATE}))",
                    "closed: {{reason}}",
                ),
                Query(
                    f"sum by (cause) (rate(mcp_admission_failed_handshakes_total{{{NS}}}{RATE}))",
                    "handshake: {{cause}}",
                ),
            ),
        ),
        Panel(
            "Known answers",
            "The part of new pods whose answer was known, because they are like others before.",
            PART,
            (
                Query(
                    f'sum(rate(mcp_admission_memo_lookups_total{{result="hit", {NS}}}{RATE}))'
                    f" / sum(rate(mcp_admission_memo_lookups_total{{{NS}}}{RATE}))",
                    "known",
                ),
            ),
        ),
        *_PROCESSES,
    ),
)

CONTROLLER = Dashboard(
    "Controller",
    "The work of control and certs control.",
    (
        Panel(
            "Leaders",
            "One for each process that leads. None: nobody works.",
            COUNT,
            (Query(f"sum by (job) (mcp_admission_leader{{{NS}}})", "{{job}}"),),
            NUMBERS,
        ),
        Panel(
            "Longest turn",
            "The longest that one step let everything else wait, since the process began.",
            SECONDS,
            (Query(f"max(mcp_admission_event_loop_longest_turn_seconds{{{NS}}})"),),
            NUMBERS,
        ),
        Panel(
            "Oldest pod at the gate",
            "How old the pod is that has waited longest for its network policy.",
            SECONDS,
            (
                Query(
                    f"time() - (max(mcp_admission_oldest_gated_pod_timestamp_seconds{{{NS}}}) > 0)"
                ),
            ),
            NUMBERS,
        ),
        Panel(
            "Keys that wait",
            "For a worker, or for the end of a backoff of their namespace.",
            COUNT,
            (Query(f"max by (reconciler) (mcp_admission_queue_depth{{{NS}}})", "{{reconciler}}"),),
        ),
        Panel(
            "Time of a reconciliation",
            "Writes included.",
            SECONDS,
            _quantiles("mcp_admission_reconcile_duration_seconds", "reconciler"),
        ),
        Panel(
            "Failed reconciliations",
            "They are retried. The log says why.",
            PER_SECOND,
            (
                Query(
                    "sum by (reconciler) "
                    f"(rate(mcp_admission_reconcile_errors_total{{{NS}}}{RATE}))",
                    "{{reconciler}}",
                ),
            ),
        ),
        Panel(
            "Requests to the API server",
            "By verb, those for the Leases included.",
            PER_SECOND,
            (
                Query(
                    f"sum by (verb) (rate(mcp_admission_api_requests_total{{{NS}}}{RATE}))",
                    "{{verb}}",
                ),
            ),
        ),
        Panel(
            "Watches that were cut",
            "By resource. Some are normal; many mean an API server under load.",
            PER_SECOND,
            (
                Query(
                    f"sum by (resource) (rate(mcp_admission_watch_restarts_total{{{NS}}}{RATE}))",
                    "{{resource}}",
                ),
            ),
        ),
        *_PROCESSES,
    ),
)

CERTIFICATES = Dashboard(
    "Certificates",
    "The webhook's certificate and its authority: how long they live, and what is wrong.",
    (
        Panel(
            "Faults",
            "What keeps API servers from calling the webhook, or will.",
            COUNT,
            (Query(f"max(mcp_admission_certificate_faults{{{NS}}})"),),
            NUMBERS,
        ),
        Panel(
            "Stored certificates end in",
            "The certificate and the authority in their Secrets.",
            SECONDS,
            (
                Query(
                    "min by (certificate) "
                    f"(mcp_admission_stored_certificate_expiry_timestamp_seconds{{{NS}}}) - time()",
                    "{{certificate}}",
                ),
            ),
            NUMBERS,
        ),
        Panel(
            "Served certificates end in",
            "What each replica shows to API servers.",
            SECONDS,
            (
                Query(
                    f"(mcp_admission_certificate_expiry_timestamp_seconds{{{NS}}} > 0) - time()",
                    "{{pod}}",
                ),
            ),
            NUMBERS,
        ),
        Panel(
            "Steps of rotations",
            "In a day. A renewed certificate is two steps, a new authority more.",
            COUNT,
            (
                Query(
                    f"sum by (step) (increase(mcp_admission_rotation_steps_total{{{NS}}}[1d]))",
                    "{{step}}",
                ),
            ),
        ),
        Panel(
            "Changed files",
            "Files that a replica read again, and those that it could not use, in a day.",
            COUNT,
            (
                Query(
                    "sum by (file, result) "
                    f"(increase(mcp_admission_file_reloads_total{{{NS}}}[1d]))",
                    "{{file}}: {{result}}",
                ),
            ),
        ),
        Panel(
            "Unusable files",
            "1 while a file on disk is unusable, and what was in it before is in force.",
            COUNT,
            (Query(f"max by (file) (mcp_admission_file_refused{{{NS}}})", "{{file}}"),),
        ),
    ),
)

DASHBOARDS = {
    "fleet": FLEET,
    "webhook": WEBHOOK,
    "controller": CONTROLLER,
    "certificates": CERTIFICATES,
}
