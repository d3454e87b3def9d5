"""`python -m tools.browser`: the browser that tests drive, Debian's Chromium.

A browser that a test tool downloads for itself would come from no package registry.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A browser of root in a container, which asks nobody but the page under test."""
STDERR = 2
HOW = f"install Debian's package {PACKAGE}, or put Chromium on the path under that name"


class NoBrowserError(Exception):
    """There is no browser, in one sentence with how to get it."""


def find_browser() -> Path:
    """The browser on the path; raises NoBrowserError."""
    found = shutil.which(PACKAGE)
    if found is None:
        raise NoBrowserError(f"there is no {PACKAGE} on the path: {HOW}")
    return Path(found)


def install_browser() -> Path:
    """The browser, installed from Debian's packages where root may; raises NoBrowserError."""
    apt = shutil.which("apt-get")
    if shutil.which(PACKAGE) is None and apt is not None and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (
            ("update", "--quiet"),
            ("install", "--quiet", "--yes", "--no-install-recommends", PACKAGE),
        ):
            ended = subprocess.run([apt, *words], env=quiet, stdout=STDERR, check=False)
            if ended.returncode != 0:
                raise NoBrowserError(f"apt-get {words[0]} ended with {ended.returncode}: {HOW}")
    return find_browser()


def main() -> int:
    """Install the browser, and print where it is."""
    try:
        print(install_browser())
    except NoBrowserError as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
