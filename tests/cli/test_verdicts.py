"""What `check` and `status` end with."""

import pytest

from webhook.cli.command import ExitCode
from webhook.cli.verdicts import exit_code
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, CheckResult, Told


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), ExitCode.OK),
        ((OK, NOTE), ExitCode.OK),
        ((OK, UNKNOWN), ExitCode.ERROR),
        ((UNKNOWN, FAULT), ExitCode.FINDINGS),
    ],
)
def test_a_fault_that_is_known_counts_more_than_what_is_not_known(
    verdicts: tuple[str, ...], code: ExitCode
) -> None:
    results = [CheckResult("id", "part", (Told(each, "words"),)) for each in verdicts]

    assert exit_code(results) == code
