"""Which characters text in a file is made of; beyond them a file is binary."""

import re

from webhook.documents.nodes import NodeError

# The printable characters of YAML 1.1 (section 5.1). A byte order mark is text to PyYAML and
# nothing to libyaml, unless it is the first character.
_BINARY = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
)


def check(text: str, line: int) -> None:
    """Raise NodeError for the first binary character of a text that starts on a line.

    Bytes that are no UTF-8 arrive as Python's `surrogateescape` decodes them.
    """
    match = _BINARY.search(text)
    if match is None:
        return
    line += text.count("\n", 0, match.start())
    if "\udc80" <= match.group() <= "\udcff":
        raise NodeError(line, "the bytes here are not UTF-8 text: save the file as UTF-8")
    raise NodeError(
        line,
        f"the character U+{ord(match.group()):04X} is binary data: remove it, or write it as "
        "an escape in double quotes",
    )
