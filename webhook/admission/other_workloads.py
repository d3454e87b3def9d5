"""Other workloads get early feedback: what would be refused is said when they are applied.

Their templates are not changed and not refused: the pods are, when they are created. Only the Job
of one run of a CronJob gets the name of the CronJob into its template, which its pods cannot know.
"""

from webhook import names
from webhook.admission.answer import NOT_COVERED, PODS_REFUSED, Answer, Finding, Severity, allow
from webhook.admission.budget import TooLarge, too_large
from webhook.admission.coverage import covered, pods_covered, uncovered, unread_labels
from webhook.admission.enforcement import Enforcement, missing_class, notices
from webhook.admission.workload import SCHEDULES, Hook, Request, Scope, Workload, read_workload
from webhook.pods import Patch, Pod
from webhook.settings import Settings


def review_workload(request: Request, settings: Settings, scope: Scope) -> Answer:
    """Warn about what the pods of the template would be refused for."""
    patch = Patch()
    workload = read_workload(request.object, request, scope, patch)
    owner = workload.head.origin.owner
    if workload.kind == "Job" and owner in SCHEDULES:
        naming = request.hook is Hook.MUTATE and request.operation == "CREATE"
        named = naming and pods_covered(workload, settings, scope)
        return _name_pods(workload, patch) if named else NOT_COVERED
    if owner:
        return NOT_COVERED
    if not covered(workload, settings, scope):
        return uncovered(workload)
    if request.hook is Hook.MUTATE:
        return allow()
    if not pods_covered(workload, settings, scope):
        return allow([_uncovered(workload)])
    try:
        request.measure()
    except TooLarge as error:
        findings = [too_large(error)]
    else:
        findings = _findings(workload, settings, patch)
        findings += missing_class(workload.head, request.runtime_classes)
    return allow([_warning_of_workload(finding) for finding in findings])


def _findings(workload: Workload, settings: Settings, patch: Patch) -> list[Finding]:
    """What the rules say about the pods of the template."""
    enforcement = Enforcement.of_pod(settings, Pod(workload.head))
    findings = notices(settings, workload.head)
    findings += enforcement.fill(patch) + enforcement.settle(patch)
    return findings + unread_labels(workload)


def _name_pods(job: Workload, patch: Patch) -> Answer:
    """Let the pods of one run be named after the workload that a person wrote, in every run."""
    job.head.labels.default(names.NAME, names.identity(job.head.origin.name))
    return allow((), patch.finish())


def _warning_of_workload(finding: Finding) -> Finding:
    """What will be said about the pods, as a warning about their workload."""
    if finding.severity is Severity.WARNING:
        return finding
    return finding._replace(
        severity=Severity.WARNING,
        refuses_pods=True,
        message=f"{PODS_REFUSED}{finding.message}",
        brief=f"{PODS_REFUSED}{finding.brief}" if finding.brief else "",
    )


def _uncovered(workload: Workload) -> Finding:
    """A label on the workload alone reaches no pod: only Deployments are filled in."""
    place = f"{workload.template.pointer}/metadata/labels"
    labels = place.strip("/").replace("/", ".")
    message = f"its pods are not covered: put {names.SERVER} into {labels}"
    return Finding("identity", Severity.WARNING, place, message)
