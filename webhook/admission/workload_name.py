"""The exact name of the workload that a pod belongs to, by which exceptions are granted to it.

A pod has the name of its controller: that of a ReplicaSet without the hash which the pod carries,
and that of the schedule for a run of it. The pods of a Job `nightly-29310915` are those of
`nightly` where they also carry that name as the label which this webhook gives to the Jobs of a
schedule. A pod without a controller has its own name. No other label counts, because authors write
them; and no name in short, because two long ones can be the same then.

This is all that a pod can show, and no proof. Whoever can create pods in a namespace can write the
owner and the labels of another workload into them, and whoever can create workloads there can give
the name to one of another kind. So what is granted to a name is granted to the authors of its
namespace, and to no others. Among them, the name keeps apart what they mean to keep apart.
"""

import re
from typing import NamedTuple

from webhook import names
from webhook.pods import Fields, Origin, Patch, PodHead

_OWNERS = {"pod-template-hash": "Deployment", "rollouts-pod-template-hash": "Rollout"}
# What a shell takes as one word, so that the command can be copied.
_WORD = re.compile(r"[A-Za-z0-9][-A-Za-z0-9.]*")


class KnownWorkload(NamedTuple):
    """A workload by its kind and its exact name; both are empty where no name is known yet."""

    kind: str = ""
    name: str = ""


UNKNOWN = KnownWorkload()


def known_workload(head: PodHead) -> KnownWorkload:
    """The workload of a pod, or the one that a template belongs to."""
    origin = head.origin
    kind, name = origin.kind if origin.template else origin.owner, origin.name
    if not kind:
        return KnownWorkload("Pod", name) if head.metadata.has("name") else UNKNOWN
    if kind == "Job":
        schedule, _, run = name.rpartition("-")
        named = schedule and head.labels.get(names.NAME) == names.identity(schedule)
        if named and run.isascii() and run.isdigit():
            return KnownWorkload("CronJob", schedule)
    if kind == "ReplicaSet":
        for label, owner in _OWNERS.items():
            if head.labels.has(label):
                return KnownWorkload(owner, name)
    return KnownWorkload(kind, name)


def head_of_scale(name: str, namespace: str) -> PodHead:
    """The template of a Deployment of which nothing but the name is known, as a Scale has it."""
    nothing = Fields({}, Patch())
    return PodHead(nothing, nothing, Origin(namespace, name, "Deployment"))


def draft_for(head: PodHead) -> str:
    """The command that drafts an exception for the workload; empty where none can be granted."""
    kind, name = known_workload(head)
    return draft_command(kind, name, head.origin.namespace)


def draft_command(kind: str, name: str, namespace: str) -> str:
    """The command that drafts an exception; empty where a shell would not take the name."""
    where = f" -n {namespace}" if namespace else ""
    if not all(map(_WORD.fullmatch, (kind, name, namespace or "default"))):
        return ""
    return f"mcp-admission exception draft {kind.lower()}/{name}{where}"
