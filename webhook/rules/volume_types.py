"""Volumes come from the cluster's API or from the pod's own life.

Field    the source of volumes[]
Absent   left as it is (the API server makes it an emptyDir)
Refused  any source but configMap, csi, downwardAPI, emptyDir, ephemeral, image,
         persistentVolumeClaim, projected and secret; host-path reports hostPath
Source   Pod Security Standards, restricted, since v1.0
"""

from collections.abc import Iterator

from webhook.rules.fields import Violation
from webhook.rules.pod import Pod
from webhook.rules.rule import PodRule
from webhook.settings.model import Settings
from webhook.settings.standard import Level

ACCEPTED = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
        "persistentVolumeClaim", "projected", "secret",
    }
)  # fmt: skip
NO_MATTER_HERE = ("name", "hostPath")


def check(pod: Pod, _settings: Settings) -> Iterator[Violation]:
    """Refuse what a volume has instead of an accepted source, kinds still unknown included."""
    for volume in pod.spec.items("volumes"):
        accepted = False
        others = []
        for key, source in volume.entries():
            if source is None or key in NO_MATTER_HERE:
                continue
            if key not in ACCEPTED:
                others.append(key)
            elif type(source) is dict:
                accepted = True
            else:
                yield volume.violation(key, "must be an object")
        if not accepted:
            for key in others:
                yield volume.violation(key, "is not an accepted type of volume")


RULE = PodRule(id="volume-types", level=Level.RESTRICTED, overridable=False, check=check)
