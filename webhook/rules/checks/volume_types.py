"""Volumes come from the cluster's API or from the pod's own life.

Field    the source of volumes[]
Absent   nothing (the API server makes it an emptyDir)
Refused  any source but configMap, csi, downwardAPI, emptyDir, ephemeral, image,
         persistentVolumeClaim, projected and secret; host-path reports hostPath
Source   Pod Security Standards, restricted, since v1.0
"""

from collections.abc import Iterable, Iterator
from typing import Any

from webhook.rules.rule import Level, Pod, PodRule, Settings, Violation

ACCEPTED = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
        "persistentVolumeClaim", "projected", "secret",
    }
)  # fmt: skip
NOT_REPORTED = ("name", "hostPath")


def check(pod: Pod, _settings: Settings) -> Iterable[Violation]:
    """Refuse what a volume has instead of an accepted source, kinds still unknown included."""
    return () if all(map(_accepted, pod.spec.list("volumes"))) else _objections(pod)


def _objections(pod: Pod) -> Iterator[Violation]:
    for volume in pod.spec.items("volumes"):
        if _accepted(volume.value):
            continue
        for key, source in volume.entries():
            if source is None or key in NOT_REPORTED:
                continue
            if key not in ACCEPTED or type(source) is not dict:
                yield volume.violation(key, "is not an accepted type of volume")


def _accepted(volume: Any) -> bool:
    if type(volume) is not dict:
        return False
    found = False
    for key, source in volume.items():
        if key in ACCEPTED and source is not None:
            if type(source) is not dict:
                return False
            found = True
    return found


RULE: PodRule = PodRule(id="volume-types", level=Level.RESTRICTED, overridable=False, check=check)
