"""Certificates as people and programs read them."""

import argparse
import json
from datetime import UTC, datetime, timedelta

import pytest

from certs.authority import fingerprint, make_authority
from certs.rotation import RotationPlan
from webhook.cli.certificate_table import (
    certificate_row,
    parsed_bundle,
    tell_certificates,
)
from webhook.cli.command import ExitCode

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = RotationPlan(names=("console",))


def asked(output: str) -> argparse.Namespace:
    return argparse.Namespace(output=output)


def test_a_row_says_when_a_certificate_ends_and_is_renewed() -> None:
    found = make_authority(NOW, timedelta(days=90)).certificate

    assert certificate_row("stored", "authority", found, PLAN) == {
        "where": "stored",
        "name": "authority",
        "certificate": fingerprint(found),
        "ends": "2026-04-01T00:00:00Z",
        "renewal": "2026-03-02T00:00:00Z",
    }


def test_what_is_not_there_has_a_row_without_dates(capsys: pytest.CaptureFixture[str]) -> None:
    assert parsed_bundle(b"no bundle", "ca.crt") == parsed_bundle(None, "ca.crt") == []

    row = certificate_row("published", "ca.crt", None)
    assert tell_certificates(asked("text"), [row], ["it is empty"]) == ExitCode.FINDINGS

    _, line, empty, fault = capsys.readouterr().out.splitlines()
    assert (line.split(), empty, fault) == (
        ["published", "ca.crt", "-", "-", "-"],
        "",
        "it is empty",
    )


@pytest.mark.parametrize(
    ("found", "step", "last"),
    [
        ([], {}, "fine"),
        ([], {"step": "Rest", "until": "tomorrow"}, "next: Rest tomorrow"),
        (["a fault"], {}, "a fault"),
    ],
)
def test_the_last_line_says_what_is_next(
    found: list[str], step: dict[str, str], last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_certificates(asked("text"), [], found, {}, step)

    assert capsys.readouterr().out.splitlines()[-1] == last
    tell_certificates(asked("json"), [], found, {"pod": "no answer"}, step)
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report["next"] == (step or None)
    assert report["not_looked_at"] == [{"what": "pod", "why": "no answer"}]
    assert said.err == "not looked at: pod: no answer\n"
