"""An engine with four simple opinions, so that what a report looks like is one matter and what
the rules say another: `mcp: "true"` is filled in, `compliant` is admitted, `refused` is refused,
and of `pods-refused` the pods are.
"""

from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow, refuse
from webhook.admission.workload import Hook, Request, Scope
from webhook.settings.model import Settings

REPLICAS = Finding("replicas", Severity.WARNING, "/spec/replicas", "replicas set to 1")
SECCOMP = Finding(
    "seccomp-profile", Severity.WARNING, "/spec/template/spec/securityContext", "was filled in"
)
PRIVILEGED = Finding(
    "privileged",
    Severity.ERROR,
    "/spec/containers/0/securityContext/privileged",
    "containers[main].securityContext.privileged must not be true",
)
OF_ITS_PODS = Finding(
    "host-namespaces",
    Severity.WARNING,
    "/spec/template/spec/hostNetwork",
    "pods will be refused: hostNetwork must be false",
    refuses_pods=True,
)
CAPABILITIES = Finding(
    "capabilities",
    Severity.ERROR,
    "/spec/containers/0/securityContext/capabilities/drop",
    "containers[main].securityContext.capabilities.drop must include ALL",
)


def review(request: Request, _settings: Settings, scope: Scope) -> Answer:
    opinion = request.object.get("metadata", {}).get("labels", {}).get("mcp")
    if opinion == "refused":
        return refuse(request.name, [PRIVILEGED, CAPABILITIES])
    if opinion == "pods-refused":
        return allow([OF_ITS_PODS])
    if opinion == "true" and request.hook is Hook.MUTATE:
        pod = request.object["spec"]["template"]["spec"]
        request.object["spec"]["replicas"] = 1
        pod["securityContext"] = {"runAsNonRoot": True}
        operations = [
            {"op": "replace", "path": "/spec/replicas", "value": 1},
            {"op": "add", "path": "/spec/template/spec/securityContext",
             "value": pod["securityContext"]},
        ]  # fmt: skip
        return allow([REPLICAS], operations)
    if opinion == "true":
        assert request.object["spec"]["replicas"] == 1, "the patch has been applied"
        request.object.clear()
        return allow([REPLICAS, SECCOMP], [])
    return allow([], []) if opinion or scope is Scope.MANAGED else NOT_COVERED
