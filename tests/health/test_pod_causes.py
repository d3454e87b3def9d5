"""What the status of a pod says about why it does not run."""

from typing import Any

import pytest

from tests.health.objects import SINCE, Json, condition, pod, waiting
from webhook import names
from webhook.health import INCOMPLETE, NOT_RUNNING, Cause, pod_causes

BACK_OFF = (
    'Back-off pulling image "mcp:1": ErrImagePull: failed to resolve reference "mcp:1": mcp:1: '
    "not found"
)
ENDED = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "token=secret"}}
CRASHED = "container mcp ends again and again, the last time with OOMKilled, exit code 137"


def unscheduled(reason: str, message: str, **fields: Any) -> Json:
    shown = condition("PodScheduled", "False", reason=reason, message=message)
    return pod(shown, **fields)


def started(*statuses: Json) -> Json:
    return pod(condition("PodScheduled"), containerStatuses=list(statuses))


def test_our_gate_is_named_with_who_opens_it() -> None:
    gates = {"schedulingGates": [{"name": "a.io/b"}, {"name": names.GATE}]}
    found = unscheduled(
        "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", spec=gates
    )
    del found["status"]["conditions"][0]["lastTransitionTime"]

    assert pod_causes(found) == (
        Cause(
            NOT_RUNNING,
            "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates: a.io/b, "
            "mcp-admission.dev/isolation (`mcp-admission control` opens it once the network policy "
            "is in force)",
            "pod web-5c9d-x1 status.conditions[PodScheduled]",
            since=SINCE,
        ),
    )


@pytest.mark.parametrize(
    ("message", "final"),
    [
        pytest.param(
            "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available: "
            "2 Preemption is not helpful for scheduling.",
            True,
            id="no-node-is-large-enough",
        ),
        pytest.param(
            "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available: "
            "2 No preemption victims found for incoming pod.",
            False,
            id="no-node-is-free",
        ),
        pytest.param(
            "0/2 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint "
            "{node.kubernetes.io/not-ready: }. preemption: 0/2 nodes are available: 2 Preemption "
            "is not helpful for scheduling.",
            False,
            id="a-node-may-come-back",
        ),
        pytest.param("0/2 nodes are available: 2 node(s) didn't match", False, id="affinity"),
    ],
)
def test_what_cannot_be_scheduled_is_final_where_it_fits_nowhere(message: str, final: bool) -> None:
    (cause,) = pod_causes(unscheduled("Unschedulable", message))

    assert (cause.state, cause.reason, cause.message) == (NOT_RUNNING, "Unschedulable", message)
    assert cause.final is final


KUBELET = [
    pytest.param(
        waiting("InvalidImageName", 'Failed to apply default image tag "A:b:c"'),
        ("InvalidImage", NOT_RUNNING, True),
        'Failed to apply default image tag "A:b:c"',
        id="image-name",
    ),
    pytest.param(
        waiting("ErrImagePull", 'failed to resolve reference "mcp:1": mcp:1: not found'),
        ("ImageNotPulled", NOT_RUNNING, True),
        'image mcp:1 is not pulled: failed to resolve reference "mcp:1": mcp:1: not found',
        id="no-such-image",
    ),
    pytest.param(
        waiting("ImagePullBackOff", BACK_OFF),
        ("ImageNotPulled", NOT_RUNNING, True),
        'image mcp:1 is not pulled: failed to resolve reference "mcp:1": mcp:1: not found',
        id="the-same-between-two-attempts",
    ),
    pytest.param(
        waiting("ImagePullBackOff", 'Back-off pulling image "mcp:1"'),
        ("ImageNotPulled", NOT_RUNNING, False),
        "image mcp:1 is not pulled: ImagePullBackOff",
        id="an-older-kubelet",
    ),
    pytest.param(
        waiting("ErrImagePull", "dial tcp: lookup registry: i/o timeout"),
        ("ImageNotPulled", NOT_RUNNING, False),
        "image mcp:1 is not pulled: dial tcp: lookup registry: i/o timeout",
        id="registry-is-away",
    ),
    pytest.param(
        waiting("CreateContainerConfigError", 'secret "api" not found'),
        ("SecretMissing", INCOMPLETE, False),
        'secret "api" not found',
        id="secret",
    ),
    pytest.param(
        waiting("CreateContainerConfigError", "couldn't find key TOKEN in Secret tools/api"),
        ("SecretKeyMissing", INCOMPLETE, False),
        "couldn't find key TOKEN in Secret tools/api",
        id="key",
    ),
    pytest.param(
        waiting("CreateContainerConfigError", 'configmap "api" not found'),
        ("ConfigMapMissing", INCOMPLETE, False),
        'configmap "api" not found',
        id="configmap",
    ),
    pytest.param(
        waiting("CreateContainerConfigError", "couldn't find key a in ConfigMap tools/api"),
        ("ConfigMapKeyMissing", INCOMPLETE, False),
        "couldn't find key a in ConfigMap tools/api",
        id="key-of-a-configmap",
    ),
    pytest.param(
        waiting(
            "CreateContainerConfigError",
            'container has runAsNonRoot and image will run as root (pod: "web-1_tools(4c-1)", '
            "container: mcp)",
        ),
        ("ContainerNotStarted", NOT_RUNNING, True),
        "CreateContainerConfigError: container has runAsNonRoot and image will run as root",
        id="root",
    ),
    pytest.param(
        waiting("RunContainerError", "exec: no such file"),
        ("ContainerNotStarted", NOT_RUNNING, False),
        "RunContainerError: exec: no such file",
        id="command",
    ),
    pytest.param(
        waiting("CrashLoopBackOff", "back-off 40s restarting failed container", lastState=ENDED),
        ("CrashLoop", NOT_RUNNING, False),
        CRASHED,
        id="crash-loop",
    ),
]


@pytest.mark.parametrize(("status", "meant", "message"), KUBELET)
def test_what_the_kubelet_says(status: Json, meant: tuple[str, str, bool], message: str) -> None:
    (cause,) = pod_causes(started(status))

    assert (cause.reason, cause.state, cause.final) == meant
    assert cause.message == message
    assert cause.seen == "pod web-5c9d-x1 status.containerStatuses[mcp]"
    assert cause.since == SINCE


RUNS = {"name": "mcp", "ready": False, "state": {"running": {}}}


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({**RUNS, "restartCount": 2, "lastState": ENDED}, id="while-it-runs"),
        pytest.param({**RUNS, "restartCount": 2, "state": ENDED}, id="when-it-has-just-ended"),
    ],
)
def test_a_crash_loop_stays_one_between_two_crashes(status: Json) -> None:
    (cause,) = pod_causes(started(status))

    assert (cause.reason, cause.message) == ("CrashLoop", CRASHED)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(pod(), id="new"),
        pytest.param(started(waiting("ContainerCreating")), id="being-created"),
        pytest.param(started(waiting("PodInitializing")), id="init-containers-run"),
        pytest.param(started(RUNS), id="not-ready-yet"),
        pytest.param(started({**RUNS, "restartCount": 1, "lastState": ENDED}), id="restarted-once"),
        pytest.param(started({**RUNS, "restartCount": 9}), id="restarted-and-nobody-knows-why"),
        pytest.param(started({**waiting("ErrImagePull"), "ready": True}), id="ready"),
        pytest.param(
            pod(condition("Ready"), containerStatuses=[waiting("ErrImagePull")]), id="pod-is-ready"
        ),
        pytest.param(
            pod(phase="Failed", containerStatuses=[waiting("ErrImagePull")]), id="has-ended"
        ),
    ],
)
def test_no_cause(found: Json) -> None:
    assert pod_causes(found) == ()


def test_init_containers_count_too() -> None:
    found = pod(initContainerStatuses=[waiting("InvalidImageName", "bad")])

    assert [each.seen for each in pod_causes(found)] == [
        "pod web-5c9d-x1 status.initContainerStatuses[mcp]"
    ]
