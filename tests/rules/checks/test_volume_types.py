"""Volume types: an allow-list at restricted; a hostPath is reported by its own rule alone."""

import pytest

from tests.rules.case import Json, base, filled, refused
from webhook.pods.fields import Malformed
from webhook.rules.checks.volume_types import RULE
from webhook.settings.rule_settings import Level

ACCEPTED = (
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
    "persistentVolumeClaim", "projected", "secret",
)  # fmt: skip
REFUSED = (
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume",
    "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "iscsi", "nfs", "photonPersistentDisk",
    "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume", "notYetInvented",
)  # fmt: skip


def volumes(*sources: Json) -> Json:
    return base(volumes=[{"name": str(at), **source} for at, source in enumerate(sources)])


def not_accepted(*places: str) -> list[str]:
    return [f"volumes[{place} is not an accepted type of volume" for place in places]


@pytest.mark.parametrize("key", ACCEPTED)
def test_accepts(key: str) -> None:
    assert refused(RULE, volumes({key: {}})) == []


@pytest.mark.parametrize("key", REFUSED)
def test_refuses(key: str) -> None:
    assert refused(RULE, volumes({key: {}})) == not_accepted(f"0].{key}")


CASES = [
    pytest.param(base(), [], id="no-volumes"),
    pytest.param(volumes({}), [], id="no-source-becomes-emptydir"),
    pytest.param(volumes({"nfs": None}), [], id="null-source-becomes-emptydir"),
    pytest.param(volumes({"hostPath": {"path": "/"}}), [], id="host-path-not-twice"),
    pytest.param(
        volumes({"hostPath": {}, "nfs": {}}), not_accepted("0].nfs"), id="beside-host-path"
    ),
    pytest.param(volumes({"emptyDir": {}, "nfs": None}), [], id="null-beside-accepted"),
    pytest.param(volumes({"emptyDir": {}, "later": {}}), [], id="unknown-field-beside-accepted"),
    pytest.param(
        volumes({"emptyDir": {}, "later": {}}, {"nfs": {}}),
        not_accepted("1].nfs"),
        id="unknown-field-beside-accepted-in-another",
    ),
    pytest.param(volumes({"emptyDir": None, "nfs": {}}), not_accepted("0].nfs"), id="null"),
    pytest.param(volumes({"emptyDir": "x"}), not_accepted("0].emptyDir"), id="text"),
    pytest.param(
        volumes({"emptyDir": {}, "secret": []}),
        not_accepted("0].secret"),
        id="list-beside-accepted",
    ),
    pytest.param(
        volumes({"rbd": {}}, {"secret": {}}, {"fc": {}, "iscsi": {}}),
        not_accepted("0].rbd", "2].fc", "2].iscsi"),
        id="each",
    ),
    pytest.param(
        base(volumes=[{"name": "a", "nfs": {}}], os={"name": "windows"}),
        not_accepted("a].nfs"),
        id="windows",
    ),
]


@pytest.mark.parametrize(("pod", "messages"), CASES)
def test_pods(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)


@pytest.mark.parametrize("wrong", ["/", {"nfs": {}}, [None], [["nfs"]], [7]])
def test_volumes_of_a_wrong_shape_are_malformed(wrong: object) -> None:
    with pytest.raises(Malformed):
        refused(RULE, base(volumes=wrong))


def test_checks_at_restricted_and_is_not_overridable() -> None:
    assert (RULE.level, RULE.overridable) == (Level.RESTRICTED, False)
    assert filled(RULE, volumes({})) == []
