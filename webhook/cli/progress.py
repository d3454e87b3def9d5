"""How far a command is, on standard error: one line on a terminal, else a line for each change."""

import shutil
import sys

CLEARED = "\r\x1b[K"


class Progress:
    """Says at which of so many things it is, and how far that is."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total, self._at, self._thing = total, 0, ""
        self._said, self._quiet = "", quiet

    def turn_to(self, thing: str) -> None:
        """Begin with the next one."""
        self._at, self._thing = self._at + 1, thing

    def tell(self, how_far: str) -> None:
        """Say how far the present one is; nothing where that was said last, or with --quiet."""
        said = f"[{self._at}/{self._total}] {self._thing}: {how_far}"
        if said == self._said or self._quiet:
            return
        self._said = said
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{CLEARED}{said[:width]}")
        else:
            sys.stderr.write(f"{said}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave the line of a terminal to whoever writes next."""
        if self._said and sys.stderr.isatty():
            sys.stderr.write(CLEARED)
            sys.stderr.flush()
