"""One review: a pure function of the request, the scope and the settings.

Read this first. A request names a resource, a subresource and an operation; each of them that is
registered has one function here, which reads the object as a workload, asks whether it is an MCP
server, lets the rules fill in and check, and answers. What is not registered is allowed. Below the
mode `enforce`, that answer is told, and the object passes as it is.
"""

from collections.abc import Callable

from webhook.admission import deployments, mode, other_workloads, pods
from webhook.admission.answer import MALFORMED, NOT_COVERED, Answer, Finding, Severity, refuse
from webhook.admission.workload import BINDINGS, DEPLOYMENTS, KINDS, PODS, Request, Scope
from webhook.pods import Malformed
from webhook.settings import Settings

Review = Callable[[Request, Settings, Scope], Answer]

_REVIEWS: dict[tuple[str, str, str], Review] = {
    **{
        (resource, "", operation): other_workloads.review_workload
        for resource in KINDS
        for operation in ("CREATE", "UPDATE")
    },
    (PODS, "", "CREATE"): pods.review_new_pod,
    (PODS, "", "UPDATE"): pods.review_pod_update,
    (PODS, "ephemeralcontainers", "UPDATE"): pods.review_ephemeral_containers,
    (PODS, "resize", "UPDATE"): pods.review_resize,
    (PODS, "status", "UPDATE"): pods.review_pod_status,
    (PODS, "binding", "CREATE"): pods.review_binding,
    (BINDINGS, "", "CREATE"): pods.review_binding,
    (DEPLOYMENTS, "", "CREATE"): deployments.review_deployment,
    (DEPLOYMENTS, "", "UPDATE"): deployments.review_deployment,
    (DEPLOYMENTS, "scale", "UPDATE"): deployments.review_scale,
}


def review(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Decide about one request as the mode says; below `enforce`, every object is allowed.

    The object of the request is filled in in place, in every mode. The answer is complete: an
    object of a shape that Kubernetes does not know is refused with status 422. Raises SettingsError
    where the settings contradict themselves.
    """
    if settings.enforced:
        return enforce(request, settings, scope)
    return mode.below_enforce(request, settings, lambda asked: enforce(asked, settings, scope))


def enforce(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Decide about one request as the mode `enforce` does, whatever mode is set."""
    reviewed = _REVIEWS.get((request.resource, request.subresource, request.operation))
    if reviewed is None:
        return NOT_COVERED
    try:
        return reviewed(request, settings, scope)
    except Malformed as error:
        finding = Finding(MALFORMED, Severity.ERROR, error.pointer, str(error))
        return refuse(request.name, [finding], code=422)
