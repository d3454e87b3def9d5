"""The browser is found on the path, or installed where that is possible."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import browser

APT = """#!/bin/sh
echo "$@" >> "{log}"
case "$1" in
  {fails}) exit 100 ;;
  install) printf '#!/bin/sh\\n' > "{bin}/chromium"; /bin/chmod 755 "{bin}/chromium" ;;
esac
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A path on which only these programs are; returns what `apt-get` writes down."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    log = tmp_path / "log"

    def put(*, apt: bool = True, chromium: bool = False, fails: str = "nothing") -> Path:
        programs = {"chromium": "#!/bin/sh\n"} if chromium else {}
        if apt:
            programs["apt-get"] = APT.format(log=log, bin=tmp_path, fails=fails)
        for name, text in programs.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        return log

    return put


def test_one_that_is_there_is_taken(
    path: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = path(chromium=True)

    assert browser.main() == 0

    assert capsys.readouterr().out == f"{tmp_path}/chromium\n"
    assert not log.exists()


def test_without_one_the_package_is_installed(
    path: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    log = path()

    assert browser.main() == 0

    update, install = log.read_text().splitlines()
    assert update.startswith("update")
    assert install.endswith("--no-install-recommends chromium")
    assert capsys.readouterr().out.endswith("/chromium\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"apt": False}, "there is no chromium on the path: install Debian's package chromium"),
        ({"fails": "update"}, "apt-get update ended with 100: install"),
        ({"fails": "install"}, "apt-get install ended with 100: install"),
    ],
    ids=["no-apt", "update", "install"],
)
def test_what_keeps_it_away_is_said(
    given: dict[str, object],
    said: str,
    path: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path(**given)

    assert browser.main() == 1

    assert said in capsys.readouterr().err


def test_who_is_not_root_is_told_what_to_install(
    path: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = path()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(browser.NoBrowserError, match="install Debian's package"):
        browser.install_browser()

    assert not log.exists()
