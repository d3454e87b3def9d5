"""`mcp-admission`, but it stops itself between deciding on a write and writing, when told so.

    python -m tests.e2e.controller_leaders.pausing FILE control ...

The next write stops it once there is the file, which goes as it stops; SIGCONT lets it go on.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from webhook.cli.main import main
from webhook.controller.owned.writer import Writer


def pause_before_writing(file: Path) -> None:
    """Let the next write that is due after the file was made come after a pause."""
    put = Writer.put

    def pause() -> None:
        if file.exists():
            file.unlink()
            os.kill(os.getpid(), signal.SIGSTOP)

    async def paused(self: Writer, wanted: dict[str, Any], *given: Any) -> None:
        if not self.fits(wanted):
            pause()
        await put(self, wanted, *given)

    Writer.put = paused  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    pause_before_writing(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
