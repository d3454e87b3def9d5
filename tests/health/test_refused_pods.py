"""The sentences of the API server's admission plugins, and what they mean."""

import pytest

from webhook.health import INCOMPLETE, NOT_RUNNING, refused_pods_cause

POD = 'pods "web-5c9d8f-xk2lp" is forbidden: '
SAYS = [
    pytest.param(
        f'{POD}pod rejected: RuntimeClass "gvisor" not found',
        ("RuntimeClassMissing", INCOMPLETE, True),
        'RuntimeClass "gvisor" not found',
        id="runtime-class",
    ),
    pytest.param(
        f'{POD}error looking up service account tools/reader: serviceaccount "reader" not found',
        ("ServiceAccountMissing", INCOMPLETE, True),
        'error looking up service account tools/reader: serviceaccount "reader" not found',
        id="service-account",
    ),
    pytest.param(
        f'{POD}error looking up service account tools/default: serviceaccount "default" not found',
        ("ServiceAccountMissing", INCOMPLETE, False),
        'error looking up service account tools/default: serviceaccount "default" not found',
        id="default-account-of-a-new-namespace",
    ),
    pytest.param(
        f"{POD}no PriorityClass with name high was found",
        ("PriorityClassMissing", INCOMPLETE, True),
        "no PriorityClass with name high was found",
        id="priority-class",
    ),
    pytest.param(
        f"{POD}exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5",
        ("QuotaExceeded", NOT_RUNNING, True),
        "exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5",
        id="quota",
    ),
    pytest.param(
        f"{POD}failed quota: compute: must specify limits.cpu for: mcp",
        ("QuotaExceeded", NOT_RUNNING, True),
        "failed quota: compute: must specify limits.cpu for: mcp",
        id="quota-that-asks-for-limits",
    ),
    pytest.param(
        f"{POD}status unknown for quota: compute, resources: pods",
        ("PodsRefused", NOT_RUNNING, False),
        "status unknown for quota: compute, resources: pods",
        id="quota-that-is-not-counted-yet",
    ),
    pytest.param(
        f'{POD}violates PodSecurity "restricted:latest": seccompProfile (pod or container "mcp" '
        "must set it)",
        ("PodSecurityRefused", NOT_RUNNING, True),
        'violates PodSecurity "restricted:latest": seccompProfile (pod or container "mcp" '
        "must set it)",
        id="pod-security",
    ),
    pytest.param(
        'admission webhook "pods.mcp-admission.dev" denied the request: MCP server "web" refused:\n'
        "  containers[mcp].image must name a registry (registries)",
        ("WebhookRefused", NOT_RUNNING, True),
        'admission webhook "pods.mcp-admission.dev" denied the request: MCP server "web" refused: '
        "containers[mcp].image must name a registry (registries)",
        id="our-webhook",
    ),
    pytest.param(
        'Internal error occurred: failed calling webhook "pods.mcp-admission.dev": failed to call '
        'webhook: Post "https://a.b.svc:443/mutate?timeout=5s": connect: connection refused',
        ("WebhookUnreachable", NOT_RUNNING, False),
        'Internal error occurred: failed calling webhook "pods.mcp-admission.dev": failed to call '
        'webhook: Post "https://a.b.svc:443/mutate?timeout=5s": connect: connection refused',
        id="a-webhook-that-is-away",
    ),
    pytest.param(
        f"{POD}ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: no latest",
        ("PolicyRefused", NOT_RUNNING, True),
        "ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: no latest",
        id="policy",
    ),
    pytest.param(
        f"{POD}maximum cpu usage per Container is 1, but limit is 2",
        ("LimitRangeExceeded", NOT_RUNNING, True),
        "maximum cpu usage per Container is 1, but limit is 2",
        id="limit-range",
    ),
    pytest.param(
        f"{POD}unable to create new content in namespace tools because it is being terminated",
        ("NamespaceTerminating", NOT_RUNNING, True),
        "unable to create new content in namespace tools because it is being terminated",
        id="namespace",
    ),
    pytest.param(
        'Pod "web-5c9d8f-xk2lp" is invalid: spec.containers[0].resources.requests: Invalid value: '
        '"2": must be less than or equal to cpu limit of 1',
        ("PodInvalid", NOT_RUNNING, True),
        'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to '
        "cpu limit of 1",
        id="invalid",
    ),
    pytest.param(
        f"{POD}somebody does not like it",
        ("PodsRefused", NOT_RUNNING, True),
        "somebody does not like it",
        id="another-plugin",
    ),
    pytest.param(
        "etcdserver: request timed out",
        ("PodsRefused", NOT_RUNNING, False),
        "etcdserver: request timed out",
        id="a-failure",
    ),
    pytest.param(
        'create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: exceeded '
        "quota: compute",
        ("QuotaExceeded", NOT_RUNNING, True),
        "exceeded quota: compute",
        id="the-event-of-a-statefulset",
    ),
    pytest.param(
        'Error creating: pods "web-x7" is forbidden: exceeded quota: compute',
        ("QuotaExceeded", NOT_RUNNING, True),
        "exceeded quota: compute",
        id="the-event-of-a-daemonset",
    ),
]


@pytest.mark.parametrize(("said", "meant", "message"), SAYS)
def test_a_refusal_is_recognised_and_quoted_without_the_name_of_the_pod(
    said: str, meant: tuple[str, str, bool], message: str
) -> None:
    cause = refused_pods_cause(said, "here", "then")

    assert (cause.reason, cause.state, cause.final) == meant
    assert (cause.message, cause.seen, cause.since) == (message, "here", "then")
