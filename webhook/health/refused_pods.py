"""What the API server said when it refused a pod, as a cause.

Controllers quote it: those of Deployments and ReplicaSets in the condition ReplicaFailure, those
of StatefulSets, DaemonSets and Jobs in an Event. The sentences are those of the API server's
admission plugins. What is refused is final, except where the sentence says that it was not judged.
"""

import re
from typing import NamedTuple

from webhook.health.server_state import INCOMPLETE, NOT_RUNNING, Cause, in_one_line

OTHER = "PodsRefused"


class _Refusal(NamedTuple):
    """A sentence of an admission plugin, and what it means."""

    pattern: str
    reason: str
    state: str = NOT_RUNNING
    final: bool = True


_REFUSALS = tuple(
    (re.compile(each.pattern), each)
    for each in (
        _Refusal(r'RuntimeClass "[^"]*" not found', "RuntimeClassMissing", INCOMPLETE),
        # A namespace that was just made gets its default account in a moment.
        _Refusal(
            r"error looking up service account \S+/default:",
            "ServiceAccountMissing",
            INCOMPLETE,
            final=False,
        ),
        _Refusal(r"error looking up service account", "ServiceAccountMissing", INCOMPLETE),
        _Refusal(r"no PriorityClass with name", "PriorityClassMissing", INCOMPLETE),
        _Refusal(r"status unknown for quota", OTHER, final=False),
        _Refusal(r"(?:exceeded|failed) quota:", "QuotaExceeded"),
        _Refusal(r"violates PodSecurity", "PodSecurityRefused"),
        _Refusal(r"failed calling webhook", "WebhookUnreachable", final=False),
        _Refusal(r"admission webhook .* denied the request", "WebhookRefused"),
        _Refusal(r"ValidatingAdmissionPolicy .* denied request", "PolicyRefused"),
        _Refusal(
            r"(?:maximum|minimum) \S+ usage per |max limit to request ratio per ",
            "LimitRangeExceeded",
        ),
        _Refusal(r"because it is being terminated", "NamespaceTerminating"),
        _Refusal(r'Pod "[^"]*" is invalid', "PodInvalid"),
        _Refusal(r"is forbidden", OTHER),
    )
)
_NOT_RECOGNISED = _Refusal("", OTHER, final=False)
# The name of the pod is another in each attempt, and says nothing.
_PREFIX = re.compile(
    r'^(?:.*?Error creating: |create Pod .*? failed error: )?(?:pods|Pod) "[^"]*" is '
    r"(?:forbidden|invalid): (?:pod rejected: )?",
    re.DOTALL,
)


def refused_pods_cause(message: str, seen: str, since: str = "") -> Cause:
    """The cause that this sentence of the API server is, seen in this place."""
    meant = next((each for found, each in _REFUSALS if found.search(message)), _NOT_RECOGNISED)
    said = in_one_line(_PREFIX.sub("", message))
    return Cause(meant.state, meant.reason, said, seen, meant.final, since)
