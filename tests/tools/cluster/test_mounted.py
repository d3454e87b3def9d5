"""What the cluster holds reaches a local folder, and later changes follow."""

import base64
from pathlib import Path

import pytest

from tools.cluster.control_plane import ControlPlane
from tools.cluster.mounted import Mount, Volume
from tools.cluster.waiting import WaitedInVainError


def config_map(name: str, data: dict[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": data,
        "binaryData": {"bytes": base64.b64encode(b"\xff").decode()},
    }


def test_a_config_map_is_there_on_entry_and_follows_changes(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.create(path, config_map("settings", {"settings.yaml": "one"}))
    settings = tmp_path / "settings.yaml"

    with Mount(control_plane, Volume("configmaps", namespace, "settings"), tmp_path):
        assert settings.read_text() == "one"
        assert (tmp_path / "bytes").read_bytes() == b"\xff"

        changed = config_map("settings", {"settings.yaml": "two"})
        assert control_plane.raw("PUT", f"{path}/settings", changed).status == 200
        control_plane.wait_for("changed file", lambda: settings.read_text() == "two")

        control_plane.raw("DELETE", f"{path}/settings")
        with control_plane.without_api_server():
            assert settings.read_text() == "two"

    assert settings.read_text() == "two"


def test_a_secret_has_the_mode_of_its_volume(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    control_plane.kubectl(
        "create", "secret", "generic", "tls", "-n", namespace, "--from-literal=tls.key=secret"
    )

    with Mount(control_plane, Volume("secrets", namespace, "tls", mode=0o400), tmp_path):
        key = tmp_path / "tls.key"
        assert key.read_text() == "secret"
        assert key.stat().st_mode & 0o777 == 0o400


def test_an_optional_volume_is_empty_until_its_object_exists(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    volume = Volume("configmaps", namespace, "later", optional=True)

    with Mount(control_plane, volume, tmp_path):
        assert [entry.name for entry in tmp_path.iterdir() if entry.name[:2] != ".."] == []
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        control_plane.create(path, config_map("later", {"a": "1"}))
        control_plane.wait_for("the file", lambda: (tmp_path / "a").read_text() == "1")


def test_a_volume_whose_object_never_comes_is_named(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    volume = Volume("secrets", namespace, "never")

    with (
        pytest.raises(WaitedInVainError, match=f"no secrets {namespace}/never after"),
        Mount(control_plane, volume, tmp_path, seconds=0.2),
    ):
        pytest.fail("mounted")
