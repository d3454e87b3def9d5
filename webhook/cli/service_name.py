"""The option that names the Service of the webhook, the same wherever it is asked for."""

import argparse
import re

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def service_name(text: str) -> str:
    """Read NAME.NAMESPACE, also with `.svc` behind it; raises ArgumentTypeError."""
    short = text.removesuffix(".svc")
    if not NAME.fullmatch(short):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no NAME.NAMESPACE, such as mcp-admission.mcp-admission-system"
        )
    return short
