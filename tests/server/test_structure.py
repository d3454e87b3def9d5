"""Hard rules that are about what the code is made of."""

import ast
import gc
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import webhook
from tests.server import new_pods
from tests.server.new_pods import new_pod
from tests.server.reviews import POD, posted
from webhook.admission import Hook, Scope, review
from webhook.observe.metrics import Metrics
from webhook.observe.traces import Traces
from webhook.server import judge as judge_module
from webhook.server.judge import Judge
from webhook.server.memo import Memo
from webhook.server.review_log import LOG
from webhook.server.settings_file import InForce, SettingsFile
from webhook.settings import (
    MODES,
    Overlay,
    ServerException,
    Settings,
    SettingsByNamespace,
)

ROOT = Path(webhook.__file__).parent
FORBIDDEN_MODULES = {
    *("kubernetes", "cryptography", "jsonpatch", "jsonpointer", "trustme", "requests"),
    *("webhook.cli.review", "webhook.cli.rules", "webhook.cli.certs", "certs"),
    *("webhook.controller", "webhook.cli.control"),
    *("opentelemetry", "google.protobuf", "webhook.observe.otlp"),
}
# Differences, copies of the object, and models of a pod: each costs more than the whole review.
FORBIDDEN_NAMES = {"make_patch", "from_diff", "deepcopy", "copy", "V1Pod", "model_validate_json"}


def _loaded(program: str) -> set[str]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, json; {program}; print(json.dumps(list(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stdout))


def test_the_serving_process_loads_no_client_no_cryptography_and_no_differ() -> None:
    loaded = _loaded("import webhook.cli.serve")

    assert "aiohttp" in loaded
    assert not FORBIDDEN_MODULES & loaded


def test_the_controller_loads_nothing_of_opentelemetry() -> None:
    assert "opentelemetry" not in _loaded("import webhook.cli.control")


def test_the_command_line_alone_loads_no_command() -> None:
    loaded = _loaded("import webhook.cli.main")

    assert not {name for name in loaded if name.startswith(("aiohttp", "pydantic", "yaml"))}
    assert not {"webhook.cli.serve", "webhook.server", "webhook.settings"} & loaded


# What is asked of stored objects is asked by the controller and the commands, never by a request.
OF_STORED_OBJECTS = {ROOT / "admission" / "drift.py"}
REQUEST_PATH = sorted(
    path
    for folder in ("server", "admission", "rules", "pods")
    for path in (ROOT / folder).rglob("*.py")
    if path not in OF_STORED_OBJECTS
)


@pytest.mark.parametrize("path", REQUEST_PATH, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_on_the_request_path_copies_or_compares_objects(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imports = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }

    assert not FORBIDDEN_NAMES & (names | attributes | imports)
    assert not FORBIDDEN_MODULES & imports


def test_while_traces_are_off_a_review_asks_for_no_span(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(judge_module, "span_attributes", asked.append)
    monkeypatch.setattr(Traces, "review", asked.append)
    settings, metrics = SettingsFile(None), Metrics()
    judge = Judge(
        Hook.MUTATE,
        Scope.MANAGED,
        settings=settings,
        metrics=metrics,
        reviewer=review,
        memo=Memo(metrics),
    )

    judge.answer(bytearray(posted()), 0.0)
    assert asked == []


def _clocks_and_files(do: Callable[[], object]) -> list[str]:
    """The functions that read a clock or a file, as often as they are called meanwhile."""
    called: list[str] = []

    def note(_: object, event: str, function: object) -> None:
        module = getattr(function, "__module__", None)
        if event == "c_call" and (module in {"time", "io", "posix"} or function is open):
            called.append(f"{module}.{getattr(function, '__name__', '')}")

    # Hypothesis reads a clock whenever garbage is collected.
    gc.disable()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(None)
        gc.enable()
    return called


GRANTED = ServerException(
    "old-image", "tools", "github-tools", frozenset({"privileged"}), (), "until then", 2e9
)
FOR_IMAGES = GRANTED._replace(rules=frozenset({"host-namespaces"}), images=("registry.example",))
OVERLAYS = {
    "none": None,
    "empty": Overlay(),
    "settings": Overlay(
        {"rules": {"sysctls": "deny"}, "mcpServerMaximums": {"limits": {"cpu": "9"}}}
    ),
    "an exception": Overlay(exceptions=(GRANTED,)),
    "both": Overlay({"rules": {"sysctls": "deny"}}, (FOR_IMAGES, GRANTED)),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize("hook", Hook)
def test_a_review_reads_one_clock_and_no_file(
    hook: Hook, name: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In each mode, with settings of the namespace and exceptions: how long it took, all told.

    Its line in the log has a time, too.
    """
    caplog.set_level(logging.CRITICAL, LOG.name)
    settings, metrics, overlay = SettingsFile(None), Metrics(), OVERLAYS[name]
    cluster = Settings.model_validate({"mode": mode})
    overlays = {} if overlay is None else {"tools": overlay}
    settings.put(InForce(SettingsByNamespace(cluster, overlays), digest="0123"))
    pod = {**POD, "spec": {"hostNetwork": True, "containers": POD["spec"]["containers"]}}
    bodies = (posted(), posted(object=pod), *[bytes(new_pod(new_pods.POD, hook))] * 4)

    def read(judge: Judge) -> list[list[str]]:
        return [_clocks_and_files(partial(judge.answer, bytearray(sent), 0.0)) for sent in bodies]

    # A counter notes when it was made: it is there after the first judge.
    first, judge = (
        Judge(hook, Scope.MANAGED, settings=settings, metrics=metrics, reviewer=review, memo=memo)
        for memo in (Memo(metrics), Memo(metrics))
    )
    read(first)
    assert read(judge) == [["time.monotonic"]] * len(bodies)
