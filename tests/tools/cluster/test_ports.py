"""Free ports are nobody else's, also not those of a test run that starts at the same time."""

import subprocess
import sys

import pytest

from tools.cluster import ports

FEW = "from tools.cluster import ports; ports.RANGE = range(29990, 30000); "


def test_ports_are_not_given_twice() -> None:
    given = [*ports.free_ports(20), *ports.free_ports(20)]

    assert len(set(given)) == 40


def test_another_process_gets_others_while_this_one_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "RANGE", range(29990, 30000))
    given = ports.free_ports(2)

    asked = f"{FEW} print(*ports.free_ports(2))"
    other = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=30
    )

    assert set(map(int, other.stdout.split())).isdisjoint(given)


def test_none_left_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(29990, 29992))

    with pytest.raises(OSError, match=r"^3 free ports between 29990 and 29992 cannot be found$"):
        ports.free_ports(3)
