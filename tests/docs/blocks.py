"""The commands of a page: its blocks of `sh`, section by section.

A block that needs more than a cluster says so in its first line, `# needs ...`; all others are run.
"""

import re
import shlex
from dataclasses import dataclass

NEEDS = "# needs "


@dataclass(frozen=True)
class Block:
    """One block, under the heading it stands below."""

    section: str
    text: str

    @property
    def needs(self) -> str | None:
        """What it needs that no test has."""
        first = self.text.partition("\n")[0]
        return first.removeprefix(NEEDS) if first.startswith(NEEDS) else None

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command, without what is given to it on standard input."""
        text = re.sub(r"<<'EOF'\n.*?^EOF$", "", self.text, flags=re.MULTILINE | re.DOTALL)
        lines = text.replace("\\\n", "").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(page: str) -> list[Block]:
    """All of them, in the order of the page."""
    return [
        Block(section.partition("\n")[0], text)
        for section in re.split(r"^## ", page, flags=re.MULTILINE)
        for text in re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    ]
