"""What users may do with settings of namespaces and exceptions, as a real API server sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.test_rights import asked, granted
from tools.chart.helm import NAMESPACE
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane
from webhook.cli.main import main
from webhook.settings.exception_document import EXCEPTION_PLURAL
from webhook.settings.load import GROUP, PLURAL
from webhook.settings.namespace_layer import NAMESPACE_PLURAL

__all__ = ["granted"]

VIEW = "mcp-admission-settings-view"
SETTINGS = f"{NAMESPACE_PLURAL}.{GROUP}"
EXCEPTIONS = f"{EXCEPTION_PLURAL}.{GROUP}"
HERE = ("--namespace", "team-a")
ROLES = {"lead": "admin", "member": "edit", "reader": "view"}


@pytest.fixture(scope="module")
def team(granted: ControlPlane) -> Iterator[ControlPlane]:
    """A namespace with its people, and somebody who may grant exceptions."""
    granted.kubectl("create", "namespace", "team-a")
    # kubectl asks about resources that it knows.
    granted.kubectl("apply", "--filename", str(FOLDER / "10-customresourcedefinitions.yaml"))
    for user, role in ROLES.items():
        given = (f"--clusterrole={role}", f"--user={user}", *HERE)
        granted.kubectl("create", "rolebinding", user, *given)
    role = "mcp-admission-exceptions"
    bound = (f"--clusterrole={role}", "--user=security")
    granted.kubectl("create", "clusterrolebinding", role, *bound)
    granted.wait_for("aggregated", lambda: asked(granted, "lead", "create", SETTINGS, *HERE))
    granted.wait_for("aggregated", lambda: asked(granted, "reader", "list", SETTINGS, *HERE))
    granted.wait_for("bound", lambda: asked(granted, "security", "create", EXCEPTIONS))
    yield granted
    granted.kubectl("delete", "clusterrolebinding", role)


@pytest.mark.parametrize("user", [*ROLES, "security", "stranger"])
def test_only_an_admin_of_a_namespace_changes_its_settings(team: ControlPlane, user: str) -> None:
    changes = {
        verb: asked(team, user, verb, SETTINGS, *HERE)
        for verb in ("create", "update", "patch", "delete")
    }

    assert changes == dict.fromkeys(changes, user == "lead")
    assert not asked(team, user, "create", SETTINGS, "--namespace", "default")
    assert not asked(team, user, "patch", f"{SETTINGS}/default", "--subresource=status", *HERE)
    assert not asked(team, user, "create", f"{PLURAL}.{GROUP}")


@pytest.mark.parametrize("user", [*ROLES, "stranger"])
def test_whoever_may_look_at_a_namespace_reads_its_settings(team: ControlPlane, user: str) -> None:
    reads = {verb: asked(team, user, verb, SETTINGS, *HERE) for verb in ("get", "list", "watch")}

    assert reads == dict.fromkeys(reads, user in ROLES)


@pytest.mark.parametrize("user", [*ROLES, "security", "stranger"])
def test_exceptions_are_for_those_alone_to_whom_the_role_is_bound(
    team: ControlPlane, user: str
) -> None:
    verbs = {
        verb: asked(team, user, verb, EXCEPTIONS)
        for verb in ("get", "list", "create", "update", "patch", "delete")
    }

    assert verbs == dict.fromkeys(verbs, user == "security")
    assert not asked(team, user, "patch", f"{EXCEPTIONS}/a", "--subresource=status")


def test_a_team_sees_the_settings_in_force_and_judges_by_them_while_the_role_is_bound(
    team: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("settings", "locked"):
        file = tmp_path / "settings.yaml"
        file.write_text("onConflict: warn\n" if name == "settings" else "{}\n")
        made = (f"mcp-admission-{name}", f"--from-file={file}", f"--namespace={NAMESPACE}")
        team.kubectl("create", "configmap", *made)
    reader = ("--kubeconfig", str(team.kubeconfig), "--as", "reader")
    question = ("configmaps/mcp-admission-locked", "--namespace", NAMESPACE)
    team.kubectl("delete", "rolebinding", VIEW, "--namespace", NAMESPACE)
    team.wait_for("unbound", lambda: not asked(team, "reader", "get", *question))

    assert main(["settings", "show", "-n", "team-a", *reader]) == 2
    assert f"may not be read: ask for the Role {VIEW} in " in capsys.readouterr().err
    for command in (["audit", "-n", "team-a"], ["apply", "-n", "team-a", "--all", "--dry-run"]):
        assert main([*command, *reader]) == 2
        out, err = capsys.readouterr()
        assert "the settings in force are not known to you: ConfigMap" in err
        assert not out
    team.kubectl("apply", "--filename", str(FOLDER / "33-rolebindings.yaml"))
    team.wait_for("bound", lambda: asked(team, "reader", "get", *question))
    assert main(["audit", "-n", "team-a", *reader]) == 0
    assert "judged by ConfigMap" in capsys.readouterr().err
    assert main(["settings", "show", "-n", "team-a", *reader]) == 0
    shown = capsys.readouterr()
    assert "onConflict   warn" in shown.out
    assert shown.err.startswith("MCPServerSettings default may not be read")
    assert not asked(team, "reader", "patch", *question)
    assert not asked(team, "reader", "get", "secrets", *question[1:])
