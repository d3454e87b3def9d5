"""What a command says about variables of the reference deployment that it does not read."""

import os
import sys

from webhook.settings.environment import not_read


def tell_what_is_not_read() -> None:
    """One line on standard error for each variable that is no setting of ours."""
    for line in not_read(os.environ):
        print(line, file=sys.stderr)
