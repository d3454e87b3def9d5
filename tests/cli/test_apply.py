"""`audit` and `apply` without a cluster: their usage, and what `apply` prints."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.cli import apply
from webhook.cli.main import main
from webhook.fleet import fleet_roll
from webhook.fleet.roll import Restarted, RestartResult
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.fleet.targets import Outdated, Target
from webhook.settings import SettingsError, origins
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.layers import Layer
from webhook.settings.model import Settings

FORMATS: dict[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load}
BELOW: dict[str, int] = {}
bounds: list[tuple[float, bool]] = []
CRM, SEARCH, SHOP = (Target("team", name) for name in ("crm", "search", "shop"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["apply"], "name Deployments, or say --all"),
        (["apply", "crm", "--all"], "name Deployments or say --all, not both"),
        (["apply", "crm"], "say in which namespace they are: -n NS"),
        (["audit", "-n", "team", "-A"], "not allowed with argument"),
        (["apply", "-n", "team", "--all", "-A"], "not allowed with argument"),
        (["apply", "crm", "-A"], "say in which namespace they are: -n NS"),
        (["apply", "--all", "--parallel", "21"], "'21' is no whole number from 1 to 20"),
        (["apply", "--all", "--max-failures", "0"], "'0' is no whole number"),
        (["apply", "--all", "--max-failures", "2", "--keep-going"], "not allowed with argument"),
        (["audit", "-o", "yml"], "invalid choice: 'yml': did you mean yaml?"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["audit"], ["apply", "--all"], ["apply", "--all", "-A"]])
def test_no_way_to_a_cluster_is_exit_code_2(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--kubeconfig", str(tmp_path / "none")]) == 2

    told = capsys.readouterr()
    assert "shows no way to a cluster (there is no such file)" in told.err
    assert told.out == ""


async def nobody(*_: Any) -> AbstractAsyncContextManager[None]:
    return nullcontext()


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> dict[Target, Restarted]:
    """How it ends for each server of a cluster that is not there."""
    ends: dict[Target, Restarted] = {}

    class Targets:
        def __init__(self, *_: object) -> None:
            pass

        async def outdated(self, _: str | None) -> Outdated:
            return Outdated(list(ends), 2, BELOW)

    class RollWatch:
        def __init__(self, *given: Any) -> None:
            self.bounds, self.tell = given[2:]

    class Restarter:
        def __init__(self, *given: Any) -> None:
            self.watch = given[2]
            bounds.append((self.watch.bounds.timeout, self.watch.bounds.rolls_back))

        async def restart(self, target: Target) -> Restarted:
            self.watch.tell(target, "0 of 1 new pods are there")
            return ends[target]

    async def judged(*_: Any) -> JudgingSettings:
        return JudgingSettings(SettingsByNamespace(Settings()), "the defaults")

    doubles = {
        "connect_to_cluster": nobody,
        "judging_settings": judged,
        "Targets": Targets,
        "RollWatch": RollWatch,
        "Restarter": Restarter,
    }
    for name, double in doubles.items():
        monkeypatch.setattr(apply, name, double)
    return ends


@pytest.mark.parametrize("output", FORMATS)
def test_apply_prints_the_result_of_each(
    output: str, fleet: dict[Target, Restarted], capsys: pytest.CaptureFixture[str]
) -> None:
    fleet[CRM] = Restarted(CRM, RestartResult.WOULD_ROLL, ("a is absent and would be b",))
    fleet[SEARCH] = Restarted(
        SEARCH, RestartResult.FAILED, ("no progress", "back"), "NoProgress", "its status", True
    )
    fleet[SHOP] = Restarted(SHOP, RestartResult.ROLLED)

    assert main(["apply", "--all", "--dry-run", "--quiet", "-o", output]) == 1

    out, err = capsys.readouterr()
    found = FORMATS[output](out)
    assert err == ""
    assert found["dry_run"] is True
    assert found["servers"] == [
        {
            "kind": "Deployment",
            "namespace": "team",
            "name": "crm",
            "result": "would-roll",
            "reason": "",
            "seen": "",
            "rolled_back": False,
            "messages": ["a is absent and would be b"],
        },
        {
            "kind": "Deployment",
            "namespace": "team",
            "name": "search",
            "result": "failed",
            "reason": "NoProgress",
            "seen": "its status",
            "rolled_back": True,
            "messages": ["no progress", "back"],
        },
    ]
    assert found["common_failure"] == {"reason": "NoProgress", "failures": 1, "settings": []}
    counts = {key: count for key, count in found["summary"].items() if count}
    assert counts == {"would-roll": 1, "current": 2, "failed": 1, "not-touched": 1}
    assert found["summary"].keys() == {*(end.word for end in RestartResult), "not-touched"}


def test_people_read_the_same_words(
    fleet: dict[Target, Restarted], capsys: pytest.CaptureFixture[str]
) -> None:
    fleet[CRM] = Restarted(CRM, RestartResult.CURRENT)

    assert main(["apply", "--all"]) == 0

    out, err = capsys.readouterr()
    assert out == "Deployment team/crm is current\n3 current\n"
    assert err == ("judged by the defaults\n[1/1] Deployment team/crm: 0 of 1 new pods are there\n")


def test_servers_below_enforce_are_told_and_count_as_not_touched(
    fleet: dict[Target, Restarted],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fleet[CRM] = Restarted(CRM, RestartResult.ROLLED)
    monkeypatch.setitem(BELOW, "shop", 3)

    assert main(["apply", "--all"]) == 1

    out, err = capsys.readouterr()
    assert "1 rolled, 2 current, 3 not-touched" in out
    assert "not touched: 3 in shop: these namespaces are below the mode enforce" in err


def test_a_namespace_below_enforce_that_is_named_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def judged(*_: Any) -> JudgingSettings:
        observing = Settings.model_validate({"mode": "observe"})
        return JudgingSettings(SettingsByNamespace(observing), "the defaults")

    monkeypatch.setattr(apply, "connect_to_cluster", nobody)
    monkeypatch.setattr(apply, "judging_settings", judged)

    assert main(["apply", "-n", "team", "crm"]) == 2

    assert capsys.readouterr().err.splitlines()[-1] == (
        "mcp-admission apply: the namespace team has the mode observe, in which a rollout changes "
        "nothing: nothing was touched; `mcp-admission audit -n team --as enforce` shows what "
        "enforce would change"
    )


def test_the_setting_that_keeps_all_from_rolling_is_named_with_its_source(
    fleet: dict[Target, Restarted],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    async def judged(*_: Any) -> JudgingSettings:
        defaults = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}
        return JudgingSettings(SettingsByNamespace(Settings.model_validate(defaults)), "new.yaml")

    monkeypatch.setattr(apply, "judging_settings", judged)
    for target in (CRM, SEARCH, SHOP):
        fleet[target] = Restarted(
            target,
            RestartResult.FAILED,
            ("x",),
            "RuntimeClassMissing",
            fields=("runtimeClassName",),
        )
    words = ["apply", "--all", "--max-failures", "2", "--timeout", "9", "--no-rollback"]

    assert main([*words, "--settings", str(tmp_path / "new.yaml")]) == 1

    fault, summary = capsys.readouterr().out.splitlines()[2:]
    assert fault == (
        "every roll failed for RuntimeClassMissing: look at the setting "
        "mcpServerDefaults.runtimeClassName, which is gvisor (file: new.yaml)"
    )
    assert summary == "2 current, 2 failed, 1 not-touched"
    assert bounds[-1] == (9, False)


def test_the_source_of_a_setting_in_force_is_asked_for_and_may_be_unreadable(
    fleet: dict[Target, Restarted],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    quantity = {"resources": {"requests": {"memory": "9Gi"}}}
    cluster = Settings.model_validate({"mcpServerDefaults": quantity})

    async def judged(*_: Any) -> JudgingSettings:
        return JudgingSettings(SettingsByNamespace(cluster), "ConfigMap a/b")

    async def read(*_: Any) -> origins.SettingsOrigins:
        layer = Layer({"mcpServerDefaults": quantity}, lambda _: "MCPServerSettings default")
        return origins.SettingsOrigins(cluster, (origins.SettingsSource("cluster", layer),))

    async def unreadable(*_: Any) -> origins.SettingsOrigins:
        raise SettingsError("no rights")

    monkeypatch.setattr(apply, "judging_settings", judged)
    field = "containers[mcp].resources.requests.memory"
    fleet[CRM] = Restarted(CRM, RestartResult.FAILED, ("x",), "QuotaExceeded", fields=(field,))
    told = []
    for reader in (read, unreadable):
        monkeypatch.setattr(fleet_roll, "read_settings_origins", reader)
        assert main(["apply", "--all"]) == 1
        told.append(capsys.readouterr().out.splitlines()[1].partition(" (")[2])

    assert told == ["cluster: MCPServerSettings default)", "ConfigMap a/b)"]
