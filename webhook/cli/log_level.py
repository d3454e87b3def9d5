"""The option for how much a process that runs for long writes to its log."""

import argparse

from webhook.observe.logs import LEVELS


def add_log_option(parser: argparse.ArgumentParser) -> None:
    """Add the level below which nothing is logged."""
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        default="info",
        help="log nothing below this level, as JSON lines on standard error (default: %(default)s)",
    )
