"""Words in a Markdown document."""

_MARKS = "\\`*_[]<>|"


def escaped(words: str) -> str:
    """The words as they are, not as Markdown would read them."""
    return "".join(f"\\{char}" if char in _MARKS else char for char in words)
