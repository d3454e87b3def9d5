"""Which tolerations the API server accepts.

A mistake in one would be found when the first server is filled in with it, and its author, who has
not written it, would be refused.
"""

import re

from webhook.settings.patterns import ACCEPTED, LABEL_KEY, LABEL_VALUE

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")


def check(
    key: str | None,
    operator: str | None,
    value: str | None,
    effect: str | None,
    seconds: int | None,
) -> None:
    """Raise ValueError for what the API server refuses; the message says what to write."""
    if key and not re.search(LABEL_KEY, key):
        raise ValueError(f'the key "{key:.60}" is no label key: write {ACCEPTED[LABEL_KEY]}')
    if not key and operator != "Exists":
        raise ValueError("without a key, operator has to be Exists: write one of them")
    if operator == "Exists" and value:
        raise ValueError("operator Exists takes no value: take it out, or write operator: Equal")
    if operator in {"Lt", "Gt"} and not _WHOLE_NUMBER.fullmatch(value or ""):
        raise ValueError(f"operator {operator} compares whole numbers: write one as value, quoted")
    if operator in {None, "Equal"} and value and not re.search(LABEL_VALUE, value):
        raise ValueError(f'the value "{value:.60}" is no label value: {ACCEPTED[LABEL_VALUE]}')
    if seconds is not None and effect != "NoExecute":
        raise ValueError("tolerationSeconds is for effect NoExecute alone: write it, or no seconds")
