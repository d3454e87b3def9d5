"""The labels and annotations of the product that are read, and what was meant by another one."""

from functools import lru_cache

from webhook import names
from webhook.settings.text_forms import nearest

_DOMAIN = names.PREFIX.rstrip("/")
_NEARLY = 0.8
_LONGEST = 2 * len(_DOMAIN)  # nothing longer is alike
_LABELS = (*names.LABELS, names.GATEWAY)
_ANNOTATIONS = frozenset({*names.ASKED_BY_USERS, names.INJECTED, names.REVISION})


def unread_label(key: str, *more: str) -> str | None:
    """What to say about a label that nobody reads, where it is one of the product's.

    `more` are labels that are read on this object beside those of workloads.
    """
    if not key.startswith(names.PREFIX):
        return _of_another_domain(key, _LABELS)
    if key in _LABELS:
        return None
    if key == names.MANAGED:
        return "is read on namespaces alone"
    if key in names.ASKED_BY_USERS:
        return "is not read: it is an annotation"
    return _unread(key, (*_LABELS, *more))


def unread_annotation(key: str) -> str | None:
    """What to say about an annotation that nobody reads, where it is one of the product's."""
    if not key.startswith(names.PREFIX) or key in _ANNOTATIONS:
        return None
    if key in {*_LABELS, names.MANAGED}:
        return "is not read: it is a label"
    return _unread(key, names.ASKED_BY_USERS)


def _unread(key: str, known: tuple[str, ...]) -> str:
    suffixes = (name.removeprefix(names.PREFIX) for name in known)
    near = nearest(key.removeprefix(names.PREFIX), suffixes)
    sentence = "is not read by this version"
    return sentence if near is None else f"{sentence}: did you mean {near}?"


def _of_another_domain(key: str, known: tuple[str, ...]) -> str | None:
    """What to say about a key of ours behind a domain that is nearly ours."""
    domain, _, name = key.rpartition("/")
    meant = f"{names.PREFIX}{name}"
    if not domain or meant not in known or len(domain) > _LONGEST or not _nearly_ours(domain):
        return None
    return f"is not read: did you mean {meant}?"


@lru_cache(maxsize=128)
def _nearly_ours(domain: str) -> bool:
    """Whether a domain is a slip for ours; pods have few others, again and again."""
    return nearest(domain, [_DOMAIN], _NEARLY) is not None
