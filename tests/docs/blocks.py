"""The commands of a page: its blocks of `sh`, section by section.

A block that needs more than a cluster says so in its first line, `# needs ...`; all others are run.
The first line `# as ...` names who runs it. `# exits with 1` behind the last command is its exit
code. A block of `text` right below shows what is printed: `...` stands for anything within a line,
and a line of three dots for any lines.
"""

import re
import shlex
from dataclasses import dataclass

NEEDS = "# needs "
BY = "# as "

_BLOCK = r"^```sh\n(.*?)^```$(?:\n+```text\n(.*?)^```$)?"


@dataclass(frozen=True)
class Block:
    """One block, under the heading it stands below."""

    section: str
    text: str
    shown: str | None = None

    @property
    def needs(self) -> str | None:
        """What it needs that no test has."""
        return self._head(NEEDS)

    @property
    def by(self) -> str | None:
        """Who runs it, if the page says so."""
        return self._head(BY)

    @property
    def code(self) -> int:
        """The exit code of the last command, which its comment names if it is not 0."""
        found = re.search(r"# exits with (\d+)$", self.text.rstrip())
        return int(found[1]) if found else 0

    def prints(self, said: str) -> bool:
        """Whether this is what the page shows."""
        if self.shown is None:
            return True
        lines = [
            r"(?:.*\n)*?" if line == "..." else f"{'.*?'.join(map(re.escape, line.split('...')))}\n"
            for line in self.shown.splitlines()
        ]
        ended = "".join(f"{line.rstrip()}\n" for line in said.splitlines())
        return re.fullmatch("".join(lines), ended) is not None

    def _head(self, beginning: str) -> str | None:
        first = self.text.partition("\n")[0]
        return first.removeprefix(beginning) if first.startswith(beginning) else None

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command, without what is given to it on standard input."""
        text = re.sub(r"<<'EOF'\n.*?^EOF$", "", self.text, flags=re.MULTILINE | re.DOTALL)
        lines = text.replace("\\\n", "").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(page: str) -> list[Block]:
    """All of them, in the order of the page."""
    return [
        Block(section.partition("\n")[0], text, shown or None)
        for section in re.split(r"^## ", page, flags=re.MULTILINE)
        for text, shown in re.findall(_BLOCK, section, re.MULTILINE | re.DOTALL)
    ]
