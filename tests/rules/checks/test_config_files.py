"""config-files: which Secrets reach the server under /files, and what may not stand in the way."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, refused
from webhook.rules.checks.config_files import RULE

KEYS = {
    "files": "mcp-admission.dev/files-from",
    "config": "mcp-admission.dev/config-from",
    "keys": "mcp-admission.dev/file-keys",
}
ONE = {"name": "mcp-files", "secret": {"secretName": "one", "defaultMode": 420}}
MOUNT = {"name": "mcp-files", "mountPath": "/files", "readOnly": True}
VOLUMES, MOUNTS = "/spec/volumes", "/spec/containers/0/volumeMounts"


def asking(pod: Json, **annotations: str) -> Json:
    pod["metadata"]["annotations"] = {KEYS[key]: value for key, value in annotations.items()}
    return pod


def mounting(*mounts: Any, volumes: list[Any] | None = None) -> Json:
    """A pod that asks for the files of one Secret, with these mounts and volumes of its own."""
    containers = [{"name": "main", "volumeMounts": list(mounts)}]
    return asking(base(containers=containers, volumes=volumes or []), files="one")


def at(path: Any, name: str = "own") -> Json:
    return {"name": name, "mountPath": path}


def projected(*secrets: str) -> Json:
    sources = [{"secret": {"name": secret}} for secret in secrets]
    return {"name": "mcp-files", "projected": {"sources": sources, "defaultMode": 420}}


def added(volume: Json) -> list[Json]:
    return [
        {"op": "add", "path": VOLUMES, "value": [volume]},
        {"op": "add", "path": MOUNTS, "value": [MOUNT]},
    ]


FILLED = [
    pytest.param(base(), [], id="not-asked"),
    pytest.param(asking(base(), files="one"), added(ONE), id="one"),
    pytest.param(
        asking(base(), files="one, two,,one"), added(projected("one", "two")), id="each-once"
    ),
    pytest.param(asking(base(), keys="a"), [], id="file-keys-are-for-deployments"),
    pytest.param(asking(base(containers=[]), files="one"), [], id="no-container"),
    pytest.param(
        mounting(at("/data"), volumes=[{"name": "own"}]),
        [
            {"op": "add", "path": f"{VOLUMES}/-", "value": ONE},
            {"op": "add", "path": f"{MOUNTS}/-", "value": MOUNT},
        ],
        id="beside-own-volumes",
    ),
    pytest.param(mounting(MOUNT, volumes=[ONE]), [], id="there-already"),
    pytest.param(
        mounting(at("/files/", "mcp-files"), volumes=[projected("two", "one")]),
        [],
        id="mounted-by-its-author-in-another-spelling",
    ),
    pytest.param(
        mounting(at("/files"), volumes=[{"name": "own"}]), [], id="place-taken-is-for-the-check"
    ),
    pytest.param(mounting(volumes=[{"name": "mcp-files"}]), [], id="name-taken"),
]


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_mounts_the_secrets_that_are_asked_for(pod: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod) == operations
    assert filled(RULE, pod) == []


def test_a_deployment_gets_the_secret_that_is_made_for_it_first() -> None:
    pod = asking(base(), keys="a", files="own")

    filled(RULE, pod, kind="Deployment", name="tools")

    assert pod["spec"]["volumes"] == [projected("tools-mcp-files", "own")]


def test_other_containers_get_no_files() -> None:
    pod = asking(
        base(initContainers=[{"name": "i"}], containers=[{"name": "a"}, {"name": "b"}]), files="one"
    )
    pod["metadata"]["annotations"]["mcp-admission.dev/container"] = "a"

    assert [told["path"] for told in filled(RULE, pod)] == [VOLUMES, MOUNTS]


def test_a_guess_gets_no_files_and_is_not_refused_for_its_mounts() -> None:
    mounting_there = [{"name": "a", "volumeMounts": [at("/files")]}, {"name": "b"}]
    pod = asking(base(containers=mounting_there), files="one")

    assert filled(RULE, pod) == []
    assert refused(RULE, pod) == []


TAKEN = [
    pytest.param("/files", id="the-place"),
    pytest.param("/files/", id="trailing-slash"),
    pytest.param("/files//", id="trailing-slashes"),
    pytest.param("//files", id="leading-slashes"),
    pytest.param("/files/.", id="dot"),
    pytest.param("/./files", id="dot-before"),
    pytest.param("/data/../files", id="dots"),
    pytest.param("/files/sub/..", id="dots-behind"),
    pytest.param("/../files", id="above-the-root"),
    pytest.param("files", id="relative"),
    pytest.param("./files", id="relative-dot"),
]
BELOW = [
    pytest.param("/files/sub", id="below"),
    pytest.param("/files/sub/deeper", id="far-below"),
    pytest.param("/files/./sub", id="below-dot"),
    pytest.param("/data/../files/sub", id="below-dots"),
    pytest.param("files/sub", id="relative"),
    pytest.param("/files/..data", id="looks-like-dots"),
]
FREE = [
    pytest.param("/", id="root"),
    pytest.param("/file", id="shorter"),
    pytest.param("/files2", id="longer"),
    pytest.param("/files-sub/x", id="sibling"),
    pytest.param("/data/files", id="elsewhere"),
    pytest.param("/files/..", id="dots-lead-out"),
    pytest.param("/files/../data", id="dots-lead-elsewhere"),
    pytest.param("/Files", id="capital"),
    pytest.param("", id="empty"),
    pytest.param(None, id="absent"),
    pytest.param(["/files"], id="another-shape"),
]
MESSAGE = "containers[main].volumeMounts: /files is taken by another"
ENDLESS = "containers[main].volumeMounts: a path of more than 100 steps is not read: shorten it"
INSIDE = "containers[main].volumeMounts: nothing else can be mounted inside /files"


@pytest.mark.parametrize("path", TAKEN)
def test_refuses_another_volume_at_the_place(path: str) -> None:
    pod = mounting(at("/data"), at(path), volumes=[{"name": "own"}])

    assert refused(RULE, pod) == [MESSAGE]
    assert filled(RULE, pod) == []


@pytest.mark.parametrize("name", ["own", "mcp-files"])
@pytest.mark.parametrize("path", BELOW)
def test_refuses_every_mount_inside_the_place(path: str, name: str) -> None:
    pod = mounting(at(path, name), volumes=[{"name": "own"}, ONE])

    assert refused(RULE, pod) == [INSIDE]
    assert filled(RULE, pod) == []


def test_refuses_a_path_that_takes_long_to_read() -> None:
    assert refused(RULE, mounting(at("/files/.." * 101))) == [ENDLESS]
    assert filled(RULE, mounting(at("/files/.." * 101))) == []
    assert refused(RULE, mounting(at("/files/.." * 50))) == []


@pytest.mark.parametrize("path", FREE)
def test_other_places_are_free(path: Any) -> None:
    pod = mounting(at(path), volumes=[{"name": "own"}])

    assert refused(RULE, pod) == []
    assert len(filled(RULE, pod)) == 2


@pytest.mark.parametrize("path", [*TAKEN, *BELOW])
def test_the_place_is_free_where_no_files_are_asked_for(path: str) -> None:
    pod = base(containers=[{"name": "main", "volumeMounts": [at(path)]}])

    assert refused(RULE, pod) == []


NAMED = "volumes[mcp-files].name is kept for the files at /files: choose another"
NAMES = [
    pytest.param([ONE], [], id="ours"),
    pytest.param([projected("other", "one")], [], id="holds-more"),
    pytest.param([{"name": "mcp-files"}], [NAMED], id="holds-nothing"),
    pytest.param([projected("other")], [NAMED], id="holds-another-secret"),
    pytest.param([{"name": "mcp-files", "secret": {"secretName": "two"}}], [NAMED], id="another"),
    pytest.param([{"name": "other", "secret": {"secretName": "one"}}], [], id="another-name"),
]


@pytest.mark.parametrize(("volumes", "messages"), NAMES)
def test_refuses_another_volume_of_the_name(volumes: list[Json], messages: list[str]) -> None:
    assert refused(RULE, mounting(volumes=volumes)) == messages
