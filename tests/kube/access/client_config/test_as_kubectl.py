"""The same kubeconfig for kubectl and for us, on a real API server: the same user for both."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.kube.access.kubeconfigs import written
from tools.cluster.clients import kubectl
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User
from webhook.cli.main import main
from webhook.kube.access.client_config import NONE, Overrides
from webhook.kube.api import Api
from webhook.kube.errors import Forbidden
from webhook.kube.messages import cluster_wide, namespaced

REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
PATH = cluster_wide("authentication.k8s.io/v1", "selfsubjectreviews")
ACCOUNT = "system:serviceaccount:team:deployer"
FULL = {
    "as": "dev",
    "as-uid": "7",
    "as-groups": ["team", "other team"],
    "as-user-extra": {"example.org/scopes%": ["w", "z"]},
}


def changed(cluster: ControlPlane, folder: Path, **user: Any) -> Path:
    """The administrator's kubeconfig with these keys at the user."""
    found = json.loads(cluster.admin.kubeconfig.read_text())
    found["users"][0]["user"] |= user
    return written(folder, found)


def asked(cluster: ControlPlane, kubeconfig: Path, *words: str) -> Any:
    """What kubectl says to this."""
    user = User("whoever it is", kubeconfig, cluster.admin.tls)
    return kubectl(cluster.binaries["kubectl"], *words, user=user, home=kubeconfig.parent)


async def whoami(kubeconfig: Path | None, overrides: Overrides) -> Any:
    async with await Api.connect(kubeconfig, overrides) as api:
        return (await api.create(PATH, REVIEW))["status"]["userInfo"]


@pytest.mark.parametrize(
    ("user", "words", "overrides"),
    [
        ({}, (), NONE),
        ({"as": "dev"}, (), NONE),
        ({"as": ACCOUNT}, (), NONE),
        (FULL, (), NONE),
        ({}, ("--as", "dev"), Overrides(user="dev")),
        ({}, ("--as", ACCOUNT), Overrides(user=ACCOUNT)),
        (FULL, ("--as", "other"), Overrides(user="other")),
        (
            FULL,
            ("--as=other", "--as-group=a", "--as-group=b", "--as-uid=8"),
            Overrides(user="other", groups=("a", "b"), uid="8"),
        ),
    ],
)
async def test_we_are_who_kubectl_is(
    user: dict[str, Any],
    words: tuple[str, ...],
    overrides: Overrides,
    control_plane: ControlPlane,
    tmp_path: Path,
) -> None:
    kubeconfig = changed(control_plane, tmp_path, **user)
    theirs = asked(control_plane, kubeconfig, "auth", "whoami", "-o", "json", *words)

    ours = await whoami(kubeconfig, overrides)
    for found in (ours, expected := theirs.json()["status"]["userInfo"]):
        # It names the connection.
        found.get("extra", {}).pop("authentication.kubernetes.io/credential-id", None)
    assert ours == expected


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
@pytest.mark.parametrize("context", ["", "first", "second"])
async def test_of_several_files_we_choose_as_kubectl_does(
    order: tuple[str, str],
    context: str,
    control_plane: ControlPlane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each file has a context of its own name, and all call their user and cluster alike."""
    files = []
    for name in order:
        found = json.loads(control_plane.admin.kubeconfig.read_text())
        found["users"][0]["user"]["as"] = f"of-{name}"
        found["contexts"][0]["name"] = found["current-context"] = name
        files.append(str(written(tmp_path, found, name)))
    listed = os.pathsep.join(files)
    words = ("auth", "whoami", "-o", "json", *(("--context", context) if context else ()))
    user = User("whoever it is", Path(listed), control_plane.admin.tls)
    theirs = kubectl(control_plane.binaries["kubectl"], *words, user=user, home=tmp_path).json()

    monkeypatch.setenv("KUBECONFIG", listed)
    ours = await whoami(None, Overrides(context=context))
    assert ours["username"] == theirs["status"]["userInfo"]["username"] == f"of-{order[0]}"


async def test_whoever_is_impersonated_may_do_what_he_may(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    kubeconfig = changed(control_plane, tmp_path, **{"as": "dev"})
    theirs = asked(control_plane, kubeconfig, "-n", namespace, "get", "secret", "a")

    assert 'User "dev" cannot get resource "secrets"' in theirs.stderr
    async with await Api.connect(kubeconfig) as api:
        with pytest.raises(Forbidden, match='User "dev" cannot get resource "secrets"'):
            await api.get(namespaced("v1", "secrets", namespace, "a"))


@pytest.mark.parametrize(
    "words",
    [
        ["certs", "rotate"],
        ["certs", "status"],
        ["uninstall", "--dry-run"],
        ["audit", "--settings", "SETTINGS"],
        ["apply", "-n", "default", "crm", "--settings", "SETTINGS"],
        ["exception", "draft", "deployment/crm", "--settings", "SETTINGS"],
    ],
)
@pytest.mark.parametrize("by_option", [False, True])
def test_every_command_acts_as_the_one_who_is_impersonated(
    words: list[str],
    by_option: bool,
    control_plane: ControlPlane,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kubeconfig = changed(control_plane, tmp_path, **({} if by_option else {"as": "dev"}))
    way = ["--kubeconfig", str(kubeconfig), *(["--as", "dev"] if by_option else [])]
    settings = tmp_path / "settings.yaml"
    settings.write_text("onConflict: deny\n")
    named = [str(settings) if word == "SETTINGS" else word for word in words]

    assert main([*named, *way]) in (1, 2)
    assert 'User "dev" cannot ' in capsys.readouterr().err


def test_requests_are_noted_with_verbose(
    control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    way = ["--kubeconfig", str(changed(control_plane, tmp_path))]
    main(["audit", "--verbose", *way])
    loud = capsys.readouterr().err
    main(["audit", "--quiet", *way])
    quiet = capsys.readouterr().err

    assert "GET /apis/apps/v1/deployments\n" in loud
    assert "judged by" in loud
    assert "GET " not in quiet
    assert "judged by" not in quiet
