"""The selector of a Deployment, which cannot change once it is stored, and our labels in it.

Where opting out takes a label away that the selector asks for, or the name of the server is
another one than it asks for, the API server would refuse the template without saying why.
"""

from collections.abc import Iterator

from webhook import names
from webhook.admission.workload import Workload
from webhook.pods.fields import Fields

_WITHOUT = ("NotIn", "DoesNotExist")


def labels_asked_for(workload: Workload) -> list[str]:
    """The labels of ours without which the selector does not match the template."""
    return list(dict.fromkeys(_asked_for(_selector(workload))))


def other_name(workload: Workload) -> str | None:
    """The name by which the selector asks for pods, where they will have another one."""
    asked = _selector(workload).child("matchLabels").get(names.NAME)
    return None if asked in (None, names.identity(workload.name)) else str(asked)


def _asked_for(selector: Fields) -> Iterator[str]:
    for key, _ in selector.child("matchLabels").entries():
        if key in names.LABELS:
            yield key
    for expression in selector.items("matchExpressions"):
        key = expression.get("key")
        if key in names.LABELS and expression.get("operator") not in _WITHOUT:
            yield key


def _selector(workload: Workload) -> Fields:
    return workload.root.child("spec").child("selector")
