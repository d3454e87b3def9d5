"""A clock that is wrong for some processes of this machine: that of a node with a wrong clock.

The C compiler that also compiles the engine makes a library of `wrong_clock.c`, which the dynamic
linker puts before libc. Clocks that only count on are right.
"""

import subprocess
import threading
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
COMPILER = ("cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o")
_LOCK = threading.Lock()


def ahead_by(seconds: float, folder: Path) -> dict[str, str]:
    """Variables for a process whose clock is so much ahead, or behind; the library is in a folder.

    Raises `CalledProcessError` when it cannot be compiled.
    """
    if not seconds:
        return {}
    library = folder / "wrong-clock.so"
    with _LOCK:
        if not library.exists():
            subprocess.run([*COMPILER, library, SOURCE], check=True)
    return {"LD_PRELOAD": str(library), "WRONG_CLOCK_SECONDS": str(int(seconds))}
