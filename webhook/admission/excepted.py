"""Which exceptions count for a pod: those granted to its workload, by its exact name.

What that name is worth says webhook/admission/workload_name.py. `images` bind an exception to what
may run: each container of the pod has to have one of them, those of ephemeral containers included.
Where no container is known, as in a Scale, an exception with images does not count.

An exception that has ended is not among the settings any more: nothing here compares a time.
"""

from webhook.admission.answer import Finding, Severity
from webhook.admission.workload_name import known_workload
from webhook.pods import CONTAINER_LISTS, Fields, PodHead
from webhook.rules.registry import EXCEPTABLE
from webhook.settings import ServerException, Settings, granted_for

Excepted = dict[str, ServerException]
"""The exception to each rule that has one."""

NOTHING: Excepted = {}


def exceptions_for(settings: Settings, head: PodHead) -> Excepted:
    """The exceptions that count for a pod, or for a template and its workload, by their rules.

    Of several for one rule, the one that ends last.
    """
    granted = settings.granted
    if not granted:
        return NOTHING
    name = known_workload(head).name
    of_workload = granted.get(name) if name else None
    if of_workload is None:
        return NOTHING
    counting = granted_for(of_workload, _images(head.spec))
    counting.sort(key=_end)
    return {rule: each for each in counting for rule in each.rules if rule in EXCEPTABLE}


def let_off(finding: Finding, exception: ServerException) -> Finding:
    """The finding as a warning that names the exception and the day it ends.

    What refuses nothing is left as it is: it needs no exception.
    """
    if finding.severity is Severity.WARNING:
        return finding
    said = f"excepted until {exception.end_day} by {exception.name}"
    return finding._replace(
        severity=Severity.WARNING,
        message=f"{said}: {finding.message}",
        brief=f"{said}: {finding.brief}" if finding.brief else "",
        exception=exception.name,
    )


def _images(spec: Fields) -> list[str]:
    """The images of containers and volumes; a container without one has one that nobody names."""
    found = [str(each.get("image") or "") for key in CONTAINER_LISTS for each in spec.items(key)]
    mounted = (each.child("image").get("reference") for each in spec.items("volumes"))
    return found + [str(each) for each in mounted if each is not None]


def _end(exception: ServerException) -> float:
    return exception.expires
