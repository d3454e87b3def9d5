"""Settings follow their file, once they are proven."""

import base64
import gzip
from pathlib import Path

import pytest

from webhook.observe.metrics import Metrics
from webhook.server.file_watch import FileError, FileWatcher
from webhook.server.settings_file import (
    SECONDS_OF_REST,
    InForce,
    SettingsFile,
    SettingsFiles,
    resting,
)
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.layers import content_digest
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException
from webhook.settings.stage import Stage, stage_digest
from webhook.settings.written_settings import WrittenSettings

BAD = {
    "onConflict: perhaps\n": "onConflict",
    "onConflicts: deny\n": "onConflicts",
    "onConflict: [\n": "this is not YAML",
    "\tonConflict: deny\n": "tab",
    "": "there are no settings here",
    "- deny\n": "settings are a mapping of keys",
    "rules:\n  volume-types: override\n": "rules.volume-types: override is not accepted",
}


def watching(folder: Path) -> tuple[SettingsFile, FileWatcher]:
    """The settings in a folder as the ConfigMap brings them, and what follows them."""
    names = "settings.yaml", "accepted.yaml", "namespaces.json.gz", "locked.yaml"
    settings = SettingsFile(SettingsFiles(*(folder / name for name in names)))
    watch = FileWatcher(settings.file_sets, Metrics(), settings.follow_clock)
    watch.load()
    return settings, watch


def test_without_a_file_the_defaults_are_in_force() -> None:
    settings = SettingsFile(None)

    assert settings.current == Settings()
    assert settings.file_sets == []


def test_a_new_file_is_in_force_after_the_next_poll(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("onConflict: warn\n")
    settings = SettingsFile(SettingsFiles(file))
    watch = FileWatcher(settings.file_sets, Metrics())
    watch.load()
    assert settings.current.on_conflict == "warn"

    file.write_text("onConflict: override\n")
    watch.poll()
    assert str(settings.current.on_conflict) == "override"


def test_long_work_rests_once_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0.0]
    rests: list[float] = []
    monkeypatch.setattr("webhook.server.settings_file.time.perf_counter", lambda: moments[-1])
    monkeypatch.setattr("webhook.server.settings_file.time.sleep", rests.append)
    rest = resting()

    for moment in (0.0004, 0.0009, 0.0011, 0.0015, 0.0022):
        moments.append(moment)
        rest()

    assert rests == [SECONDS_OF_REST] * 2


@pytest.mark.parametrize(("text", "reason"), BAD.items())
def test_a_bad_file_keeps_the_settings(
    text: str, reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("onConflict: warn\n")
    settings = SettingsFile(SettingsFiles(file))
    metrics = Metrics()
    watch = FileWatcher(settings.file_sets, metrics)
    watch.load()
    before = settings.current

    file.write_text(text)
    watch.poll()

    assert settings.current is before
    assert (
        metrics.registry.get_sample_value("mcp_admission_file_refused", {"file": "settings"}) == 1
    )
    (record,) = caplog.records
    assert reason in vars(record)["fields"]["reason"]
    assert vars(record)["fields"]["reason"].startswith(str(file))


@pytest.mark.parametrize(("text", "reason"), BAD.items())
def test_a_bad_file_at_the_start_is_an_error(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)

    with pytest.raises(FileError, match=reason):
        FileWatcher(SettingsFile(SettingsFiles(file)).file_sets, Metrics()).load()


def test_a_missing_file_is_an_error_and_never_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"settings\.yaml"):
        watching(tmp_path)


def test_the_digest_is_that_of_the_content_in_force(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("onConflict: warn\n")
    metrics = Metrics()
    settings = SettingsFile(SettingsFiles(file), metrics.settings_are)
    watch = FileWatcher(settings.file_sets, metrics)
    watch.load()
    first = settings.digest
    assert first == content_digest(b"onConflict: warn\n")

    file.write_text("onConflict: perhaps\n")
    watch.poll()
    assert settings.digest == first

    file.write_text("onConflict: override\n")
    watch.poll()
    text = metrics.render().decode()
    assert f'settings_info{{digest="{content_digest(file.read_bytes())}"}} 1.0' in text
    assert first not in text


def test_what_is_accepted_beside_is_read_together_with_the_settings(tmp_path: Path) -> None:
    file, beside = tmp_path / "settings.yaml", tmp_path / "accepted.yaml"
    file.write_text("onConflict: warn\n")
    settings = SettingsFile(SettingsFiles(file, beside))
    watch = FileWatcher(settings.file_sets, Metrics())
    watch.load()
    alone = settings.digest
    assert settings.in_force == InForce(settings.in_force.current, digest=alone)
    assert alone == content_digest(b"onConflict: warn\n")

    beside.write_text("next: {onConflict: override}\nbefore: [{}]\n")
    watch.poll()
    assert settings.current.on_conflict == "warn"
    assert [each.cluster.on_conflict for each in settings.in_force.accepted] == ["override", "deny"]
    assert settings.digest == stage_digest(file.read_bytes(), beside.read_bytes()) != alone

    beside.write_text("")
    watch.poll()
    assert (settings.in_force.accepted, settings.digest) == ((), alone)


def granted(name: str, expires: float) -> ServerException:
    return ServerException(name, "team", "files", frozenset({"privileged"}), (), "old", expires)


def in_force_of(settings: SettingsFile) -> list[list[str]]:
    """The exceptions in force, in each of the settings."""
    return [
        [each.name for each in one.of("team").exceptions_of("files")]
        for one in (settings.in_force.current, *settings.in_force.accepted)
    ]


def test_exceptions_end_by_the_clock_alone() -> None:
    """At each poll, in every step of a change; no file is read, and nothing is decoded again."""
    now = 0.0
    settings = SettingsFile(None, clock=lambda: now)
    early, late = granted("early", 10.0), granted("late", 20.0)
    of_team = {"team": Overlay(exceptions=(early, late)), "other": Overlay()}
    one, other = (SettingsByNamespace(Settings(), of_team) for _ in range(2))
    settings.put(InForce(one, (other,), "0123"))
    assert settings.in_force.current is one

    found = {}
    for now in (5.0, 9.9, 10.0, 15.0, 20.0, 3e9):
        before = settings.in_force
        settings.follow_clock()
        found[now] = in_force_of(settings)
        assert (settings.in_force is before) == (now not in {10.0, 20.0})
        assert settings.digest == "0123"

    assert found[9.9] == [["early", "late"]] * 2
    assert found[10.0] == found[15.0] == [["late"]] * 2
    assert found[20.0] == [[]] * 2
    assert settings.in_force.current.overlays["other"] is of_team["other"]


def test_a_clock_that_was_wrong_takes_nothing_away_for_good() -> None:
    times = iter((0.0, 5.0, 3605.0, 6.0, 10.0))
    settings = SettingsFile(None, clock=lambda: next(times))
    overlays = {"team": Overlay(exceptions=(granted("a", 10.0),))}
    settings.put(InForce(SettingsByNamespace(Settings(), overlays)))
    found = []
    for _ in range(4):
        settings.follow_clock()
        found.append(in_force_of(settings))

    assert found == [[["a"]], [[]], [["a"]], [[]]]


def test_what_has_ended_before_it_is_read_is_never_in_force() -> None:
    settings = SettingsFile(None, clock=lambda: 10.0)
    overlays = {"team": Overlay(exceptions=(granted("a", 10.0),))}
    settings.put(InForce(SettingsByNamespace(Settings(), overlays)))

    assert in_force_of(settings) == [[]]


def test_the_clock_is_followed_at_each_poll(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("onConflict: warn\n")
    settings = SettingsFile(SettingsFiles(file))
    polls: list[str] = []
    watch = FileWatcher(settings.file_sets, Metrics(), lambda: polls.append(settings.digest))
    watch.load()
    watch.poll()
    watch.poll()

    assert polls == [settings.digest] * 2


STAGE = Stage(
    WrittenSettings("onConflict: warn\n", {"team": Overlay({"onConflict": "deny"})}),
    WrittenSettings("onConflict: deny\n", {"team": Overlay({"isolation": {"gate": True}})}),
)


def bring(folder: Path, stage: Stage, locked: str = "") -> None:
    for name, text in (stage.files | {"locked.yaml": locked}).items():
        (folder / name).write_text(text)
    for name, encoded in stage.binary_files.items():
        (folder / name).write_bytes(base64.b64decode(encoded))


def test_settings_of_namespaces_are_those_of_each_step(tmp_path: Path) -> None:
    bring(tmp_path, STAGE, "mode: warn\n")
    settings, _ = watching(tmp_path)
    in_force = settings.in_force
    (upcoming,) = in_force.accepted

    assert settings.digest == STAGE.digest
    assert in_force.locked == {"mode": "warn"}
    assert settings.current.on_conflict == "warn"
    assert in_force.current.of("team").on_conflict == "deny"
    assert in_force.current.of("team") is in_force.current.of("team")
    assert in_force.current.of("other") is settings.current
    assert upcoming.overlays == {"team": Overlay({"isolation": {"gate": True}})}


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("namespaces.json.gz", b"{}", "is not what control writes"),
        ("namespaces.json.gz", gzip.compress(b"{}", mtime=0), "is not what control writes"),
        ("namespaces.json.gz", gzip.compress(b"[" * 9 * 1024 * 1024, mtime=0), "has more than"),
        ("accepted.yaml", b"", "are of two steps"),
        ("locked.yaml", b"mode: maybe", "mode"),
    ],
)
def test_a_bad_file_of_several_keeps_all(
    file: str, content: bytes, reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bring(tmp_path, STAGE)
    settings, watch = watching(tmp_path)
    before = settings.in_force

    (tmp_path / file).write_bytes(content)
    watch.poll()

    assert settings.in_force is before
    (record,) = caplog.records
    assert reason in vars(record)["fields"]["reason"]
    assert file in vars(record)["fields"]["reason"]


def test_a_bad_second_file_keeps_both(tmp_path: Path) -> None:
    file, beside = tmp_path / "settings.yaml", tmp_path / "accepted.yaml"
    file.write_text("onConflict: warn\n")
    settings = SettingsFile(SettingsFiles(file, beside))
    watch = FileWatcher(settings.file_sets, Metrics())
    watch.load()
    before = settings.in_force

    file.write_text("onConflict: override\n")
    beside.write_text("next: {onConflict: perhaps}\n")
    watch.poll()

    assert settings.in_force is before


def test_runtime_classes_follow_their_file_and_change_no_settings(tmp_path: Path) -> None:
    file, classes = tmp_path / "settings.yaml", tmp_path / "runtime-classes.json"
    file.write_text("onConflict: warn\n")
    settings = SettingsFile(SettingsFiles(file, classes=classes))
    watch = FileWatcher(settings.file_sets, Metrics())
    watch.load()
    before, digest = settings.in_force, settings.digest
    assert settings.runtime_classes is None

    classes.write_text('["kata"]')
    watch.poll()
    assert settings.runtime_classes == {"kata"}
    classes.unlink()
    watch.poll()
    assert settings.runtime_classes is None
    assert (settings.in_force is before, settings.digest) == (True, digest)


def test_runtime_classes_that_cannot_be_read_are_not_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A replica that starts with such a file reviews as ever."""
    file, classes = tmp_path / "settings.yaml", tmp_path / "runtime-classes.json"
    file.write_text("onConflict: warn\n")
    classes.write_text("kata")
    settings = SettingsFile(SettingsFiles(file, classes=classes))
    FileWatcher(settings.file_sets, Metrics()).load()

    assert settings.runtime_classes is None
    assert settings.current.on_conflict == "warn"
    (record,) = caplog.records
    assert record.message == "runtime classes not read"
    assert str(classes) in vars(record)["fields"]["reason"]
