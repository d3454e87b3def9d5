"""A clock that is wrong for some processes of this machine: that of a node with a wrong clock.

The C compiler that also compiles the engine makes a library of `wrong_clock.c`, which the dynamic
linker puts before libc. Clocks that only count on are right.
"""

import subprocess
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
COMPILER = ("cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o")


def ahead_by(seconds: float, folder: Path) -> dict[str, str]:
    """Variables for a process whose clock is so much ahead, or behind; the library is in a folder.

    Raises `CalledProcessError` when it cannot be compiled.
    """
    if not seconds:
        return {}
    return {"LD_PRELOAD": str(_library(folder)), "WRONG_CLOCK_SECONDS": str(int(seconds))}


@cache
def _library(folder: Path) -> Path:
    library = folder / "wrong-clock.so"
    subprocess.run([*COMPILER, library, SOURCE], check=True)
    return library
