"""What a server is like now, by what the cluster shows of it: data in, states and causes out.

The controller, `audit`, `apply`, `status` and `check` ask here, so that they agree.
"""

from webhook.health.cause_reasons import CAUSES, REMEDIES, cause_id
from webhook.health.deployment_causes import (
    COMPLETE,
    DEADLINE_EXCEEDED,
    PROGRESSING,
    REPLICA_FAILURE,
    deployment_causes,
    refused_pods,
)
from webhook.health.missing_parts import (
    AskedSecret,
    missing_runtime_class,
    missing_secrets,
    refusal_causes,
    secrets_asked_for,
)
from webhook.health.observed_servers import ObservedServers
from webhook.health.pod_causes import pod_causes
from webhook.health.pod_counts import (
    POD_HASH,
    PodCounts,
    condition,
    conditions,
    controller_of,
    deployment_name,
    has_ended,
    is_observed,
    is_ready,
    lacks_pods,
    pod_counts,
)
from webhook.health.refused_pods import refused_pods_cause
from webhook.health.server_state import (
    INCOMPLETE,
    NOT_RUNNING,
    STATES,
    Cause,
    lasting,
    server_state,
    weighed,
)
from webhook.health.state_counts import FleetCounts

__all__ = [
    "CAUSES",
    "COMPLETE",
    "DEADLINE_EXCEEDED",
    "INCOMPLETE",
    "NOT_RUNNING",
    "POD_HASH",
    "PROGRESSING",
    "REMEDIES",
    "REPLICA_FAILURE",
    "STATES",
    "AskedSecret",
    "Cause",
    "FleetCounts",
    "ObservedServers",
    "PodCounts",
    "cause_id",
    "condition",
    "conditions",
    "controller_of",
    "deployment_causes",
    "deployment_name",
    "has_ended",
    "is_observed",
    "is_ready",
    "lacks_pods",
    "lasting",
    "missing_runtime_class",
    "missing_secrets",
    "pod_causes",
    "pod_counts",
    "refusal_causes",
    "refused_pods",
    "refused_pods_cause",
    "secrets_asked_for",
    "server_state",
    "weighed",
]
