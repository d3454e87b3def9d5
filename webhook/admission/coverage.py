"""Which objects are MCP servers, and what an update of a Deployment does about it."""

from enum import Enum

from webhook import names
from webhook.admission.request import Scope
from webhook.admission.workload import Workload
from webhook.pods.fields import Fields
from webhook.settings.model import Settings


class Coverage(Enum):
    """What a request means for a Deployment."""

    NONE = "it neither was nor becomes an MCP server"
    JOINS = "it is created as one or becomes one"
    STAYS = "it is one and stays one"
    LOSES_LABEL = "its label is missing from the update"
    LEAVES = "it opts out"
    MAY_NOT_LEAVE = "it opts out where that is not allowed"


def covered(workload: Workload, settings: Settings, scope: Scope) -> bool:
    """Whether the object is an MCP server: managed, labelled or chosen by a selector.

    Any value of the label but "false" counts; the identity rule refuses those that are not "true".
    What makes pods opts out by "false", whatever a selector says; its pods are asked themselves.
    """
    if scope is Scope.MANAGED or labelled(workload):
        return True
    opted_out = workload.kind != "Pod" and workload.labels.get(names.SERVER) == "false"
    return not opted_out and _selected(workload, settings)


def labelled(workload: Workload) -> bool:
    """Whether the object or its pod template carries the label."""
    if workload.labels.get(names.SERVER) == "false":
        return False
    return any(
        labels.get(names.SERVER) not in (None, "false")
        for labels in (workload.labels, workload.head.labels)
    )


def pods_covered(workload: Workload, settings: Settings, scope: Scope) -> bool:
    """Whether the pods made from the template are MCP servers, by the labels they will have."""
    labels = workload.head.labels
    carries = labels.get(names.SERVER) not in (None, "false")
    return scope is Scope.MANAGED or carries or _matches(labels, settings)


def of_deployment(
    new: Workload, old: Workload | None, settings: Settings, scope: Scope
) -> Coverage:
    """What the request means for the Deployment; `old` is None on CREATE."""
    if new.labels.get(names.SERVER) == "false":
        return _opting_out(new, old, scope)
    was = old is not None and covered(old, settings, scope)
    if covered(new, settings, scope):
        lost = was and old is not None and _lost(new, old, settings)
        if lost and scope is Scope.OPTED_IN:
            return Coverage.LOSES_LABEL
        return Coverage.STAYS if was else Coverage.JOINS
    return Coverage.LOSES_LABEL if was else Coverage.NONE


def _opting_out(new: Workload, old: Workload | None, scope: Scope) -> Coverage:
    if scope is Scope.MANAGED:
        already = old is not None and old.labels.get(names.SERVER) == "false"
        return Coverage.STAYS if already else Coverage.MAY_NOT_LEAVE
    was = old is not None and labelled(old)
    carries = any(new.head.labels.has(label) for label in names.LABELS)
    return Coverage.LEAVES if was or carries else Coverage.NONE


def _lost(new: Workload, old: Workload, settings: Settings) -> bool:
    """Whether the label went, and only what we added to the template still says what it said.

    A manifest that has the label in its template alone, and comes again, has lost nothing; it
    lacks the name that stands beside our own label.
    """
    if old.labels.get(names.SERVER) != "true" or new.labels.get(names.SERVER) is not None:
        return False
    template = new.head.labels
    says_so = template.has(names.SERVER) and not template.has(names.NAME)
    return not (says_so or _selected(new, settings))


def _selected(workload: Workload, settings: Settings) -> bool:
    return _matches(workload.labels, settings) or _matches(workload.head.labels, settings)


def _matches(labels: Fields, settings: Settings) -> bool:
    return any(
        selector and all(labels.get(key) == value for key, value in selector.items())
        for selector in settings.selectors
    )
