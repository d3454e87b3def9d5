"""What was meant by a name that does not exist, and names in a sentence."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MOST = 15
_LONGEST = 100  # of a name that is compared with others


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known name that a misspelled one is closest to; None where none is so much alike."""
    names = {_plain(name): name for name in known}
    near = get_close_matches(_plain(word), names, 1, alike) if len(word) <= _LONGEST else []
    return names[near[0]] if near else None


def listed(words: Sequence[str], last: str, most: int = _MOST) -> str:
    """The words as a list in a sentence: `a, b and c`; of many the first, and how many more."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def _plain(word: str) -> str:
    """The word without what people mistake for each other: case, hyphens and underscores."""
    return word.lower().replace("_", "-")
