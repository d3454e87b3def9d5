"""A server is known by its labels: the Service and the network policies select them.

Field    metadata.labels of the pod and of the pod template
Absent   mcp-admission.dev/server "true"; mcp-admission.dev/name from the name of the workload
Refused  other values of mcp-admission.dev/server; a pod without the two labels
Source   mcp-admission; Kubernetes label values end at 63 characters
"""

from itertools import islice

from webhook import names
from webhook.pods import keys
from webhook.rules.rule import Fields, Pod, PodRule, Settings, Violation

MOST_LABELS = 100
READ = frozenset(names.LABELS)


def fill(pod: Pod, _settings: Settings) -> None:
    """Label the pod; the name in the template of a Deployment is ours, elsewhere the author's."""
    if pod.labels.get(names.SERVER) is None:
        pod.labels.set(names.SERVER, "true")
    if pod.origin.kind == "Deployment" or not pod.labels.has(names.NAME):
        wanted = names.identity(pod.origin.name)
        if pod.labels.get(names.NAME) != wanted:
            pod.labels.set(names.NAME, wanted)


def check(pod: Pod, _settings: Settings) -> list[Violation]:
    """Refuse a pod that the Service and the network policies would not find."""
    labels = pod.labels
    found: list[Violation] = []
    if labels.get(names.SERVER) != "true":
        found.append(labels.violation(names.SERVER, 'must be "true"'))
    if not labels.has(names.NAME):
        found.append(labels.violation(names.NAME, "must name the server"))
    return found + unread(labels)


def unread(labels: Fields) -> list[Violation]:
    """Warn about labels with the prefix of the product that it does not read.

    To find the one that was meant takes a while: no more than MOST_LABELS are looked at.
    """
    found: list[Violation] = []
    for key in islice(labels.value or (), MOST_LABELS):
        sentence = keys.unread_label(key) if "/" in key and key not in READ else None
        if sentence is not None:
            found.append(labels.violation(key, sentence, advice=True))
    return found


RULE: PodRule = PodRule(id="identity", fill=fill, check=check, exceptable=False)
