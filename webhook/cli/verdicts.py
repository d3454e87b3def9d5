"""What `check` and `status` end with. Commands that ask no cluster load nothing of this."""

from collections.abc import Iterable

from webhook.cli.command import ExitCode
from webhook.fleet.checkup import checks


def exit_code(results: Iterable[checks.CheckResult]) -> ExitCode:
    """1 where a fault is known, else 2 where something is not known, else 0."""
    verdicts = {each.verdict for each in results}
    if checks.FAULT in verdicts:
        return ExitCode.FINDINGS
    return ExitCode.ERROR if checks.UNKNOWN in verdicts else ExitCode.OK
