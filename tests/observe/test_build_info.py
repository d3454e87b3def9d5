"""What runs here, as `--version` and /metrics tell it."""

import platform
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from webhook.observe import build_info as module
from webhook.observe.build_info import build_info
from webhook.observe.metrics import ControllerMetrics, Metrics
from webhook.pods import fields


def test_it_tells_the_form_that_python_imports() -> None:
    found = build_info()

    assert found.engine == ("python" if str(fields.__file__).endswith(".py") else "compiled")
    assert found.python == platform.python_version()


@pytest.mark.parametrize(
    ("suffix", "engine"),
    [
        *((suffix, "compiled") for suffix in EXTENSION_SUFFIXES),
        (".py", "python"),
        (".cpython-30-of-another-interpreter.so", "python"),
    ],
)
def test_an_extension_for_another_interpreter_does_not_run(
    suffix: str, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pods").mkdir()
    (tmp_path / "pods" / f"fields{suffix}").touch()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "observe" / "build_info.py"))

    assert build_info().engine == engine


@pytest.mark.parametrize("metrics", [Metrics, ControllerMetrics])
def test_metrics_tell_it(metrics: type[Metrics] | type[ControllerMetrics]) -> None:
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(build_info()._asdict().items()))

    told = generate_latest(metrics().registry).decode()
    assert f"mcp_admission_build_info{{{labels}}} 1.0" in told
