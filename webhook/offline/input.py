"""What a review is asked to read, and which input it did not review.

Nothing is left out without a report. Input that cannot be read is a fault. A file without a
manifest is counted.
"""

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

STDIN = "-"


class ReadOptions(NamedTuple):
    """What to leave out, whether to refuse files without a manifest, whether to render."""

    exclude: tuple[str, ...] = ()
    strict: bool = False
    render: bool = False
    namespace: str = "default"


class InputFault(NamedTuple):
    """Input that cannot be reviewed: its place, the reason, and how to correct it."""

    source: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.sentence}"


class Reason(Enum):
    """Why something is passed over, in words that follow its name."""

    NO_MANIFEST = "no Kubernetes manifest"
    EMPTY = "no document"
    TEMPLATE = "a Helm template that is not rendered"
    LIBRARY = "a library chart, which renders nothing"
    KUSTOMIZATION = "a kustomization that is not rendered"
    COMPONENT = "a part of kustomizations that none here uses"
    PATCH = "a patch of a kustomization that is not rendered"
    IGNORED = "left out by --exclude or .gitignore"
    TOOL = "the folder of a tool"

    @property
    def renders(self) -> bool:
        """Whether --render would review it."""
        return self in {Reason.TEMPLATE, Reason.KUSTOMIZATION, Reason.PATCH}


_COUNTED = {
    Reason.TEMPLATE: ("Helm template", "Helm templates"),
    Reason.KUSTOMIZATION: ("kustomization", "kustomizations"),
    Reason.PATCH: ("kustomize patch", "kustomize patches"),
    Reason.NO_MANIFEST: ("file without a manifest", "files without a manifest"),
    Reason.EMPTY: ("empty file", "empty files"),
    Reason.LIBRARY: ("library chart", "library charts"),
    Reason.COMPONENT: ("unused kustomize component", "unused kustomize components"),
    Reason.IGNORED: ("excluded path", "excluded paths"),
    Reason.TOOL: ("folder of a tool", "folders of tools"),
}


class PassedOver(NamedTuple):
    """Something that was not reviewed; `named` is true if the command line names it."""

    source: str
    reason: Reason
    named: bool = False

    def __str__(self) -> str:
        source = "stdin" if self.source == STDIN else self.source
        hint = ": --render reviews what it becomes" if self.reason.renders else ""
        return f"{source}: passed over: {self.reason.value}{hint}"


def count_passed_over(passed: Iterable[PassedOver]) -> str:
    """The count for each reason: `3 files without a manifest, 1 excluded path`."""
    counts = Counter(one.reason for one in passed)
    parts = [
        f"{counts[reason]} {words[counts[reason] != 1]}"
        for reason, words in _COUNTED.items()
        if counts[reason]
    ]
    rendered = sum(reason.renders for reason in counts)
    if rendered:
        parts[rendered - 1] += " (--render reviews what they become)"
    return ", ".join(parts)
