"""The labels and annotations of the product: which are read, and how their values are read.

What the settings grant of a value is for the rules to say.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from webhook import names
from webhook.settings import is_dns_subdomain, nearest

_DOMAIN = names.PREFIX.rstrip("/")
_NEARLY = 0.8
_LONGEST = 2 * len(_DOMAIN)  # nothing longer is alike
_LABELS = (*names.LABELS, names.GATEWAY)
_LABEL_ENDS = tuple(label[len(_DOMAIN) :] for label in _LABELS)
_ANNOTATIONS = frozenset({*names.USER_ANNOTATIONS, names.INJECTED, names.REVISION, names.FORMER})
_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PORT_NAME = re.compile(r"(?=[-0-9]*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_LONGEST_KEY = 253


def unread_label(key: str, *more: str) -> str | None:
    """The warning about a label that is not read, where it is one of the product's.

    `more` are labels that are read on this object beside those of workloads.
    """
    if key in _LABELS:
        return None
    if not key.startswith(names.PREFIX):
        return _of_another_domain(key) if key.endswith(_LABEL_ENDS) else None
    if key == names.MANAGED:
        return "is read on namespaces alone"
    if key in names.USER_ANNOTATIONS:
        return "is not read: it is an annotation"
    return _unread(key, (*_LABELS, *more))


def unread_annotation(key: str, *, guess: bool = True) -> str | None:
    """The warning about an annotation that is not read, where it is one of the product's.

    To `guess` which one was meant takes a while.
    """
    if not key.startswith(names.PREFIX) or key in _ANNOTATIONS:
        return None
    if key in {*_LABELS, names.MANAGED}:
        return "is not read: it is a label"
    return _unread(key, names.USER_ANNOTATIONS if guess else ())


def _unread(key: str, known: tuple[str, ...]) -> str:
    suffixes = (name.removeprefix(names.PREFIX) for name in known)
    near = nearest(key.removeprefix(names.PREFIX), suffixes)
    sentence = "is not read by this version"
    return sentence if near is None else f"{sentence}: did you mean {near}?"


def _of_another_domain(key: str) -> str | None:
    """What to say about a key of ours behind a domain that is nearly ours."""
    domain, _, name = key.rpartition("/")
    meant = f"{names.PREFIX}{name}"
    if not domain or meant not in _LABELS or len(domain) > _LONGEST or not _nearly_ours(domain):
        return None
    return f"is not read: did you mean {meant}?"


@lru_cache(maxsize=128)
def _nearly_ours(domain: str) -> bool:
    """Whether a domain is a slip for ours; pods have few others, again and again."""
    return nearest(domain, [_DOMAIN], _NEARLY) is not None


def unreadable(key: str, value: str) -> str | None:
    """What is wrong with a value, as a sentence that follows the name; None where nothing is."""
    reads = _READS.get(key)
    return None if reads is None else reads(value)


def port_objection(value: str) -> str | None:
    """What is wrong with a port, by number or by name."""
    if value.isascii() and value.isdigit():
        fine = len(value) <= 5 and 1 <= int(value) <= 65535
    else:
        fine = bool(_PORT_NAME.fullmatch(value))
    return None if fine else "must be a port from 1 to 65535 or the name of one"


def _secrets(value: str) -> str | None:
    fine = all(map(is_dns_subdomain, _split(value)))
    return None if fine else "must be names of Secrets, separated by commas"


def _secret(value: str) -> str | None:
    return "must be the name of one Secret" if "," in value or _secrets(value) else None


def _keys(value: str) -> str | None:
    fine = all(
        len(key) <= _LONGEST_KEY and _SECRET_KEY.fullmatch(key) and not _of_volumes(key)
        for key in _split(value)
    )
    return None if fine else "must be keys of a Secret, separated by commas"


def _of_volumes(key: str) -> bool:
    """Whether Kubernetes keeps the name for itself where a Secret is mounted."""
    return key == "." or key.startswith("..")


def _boolean(value: str) -> str | None:
    return None if value in ("true", "false") else 'must be "true" or "false"'


def _split(value: str) -> list[str]:
    return [entry.strip() for entry in value.split(",")]


_READS: dict[str, Callable[[str], str | None]] = {
    names.PORT: port_objection,
    names.CONFIG_FROM: _secret,
    names.FILE_KEYS: _keys,
    names.ENV_FROM: _secrets,
    names.FILES_FROM: _secrets,
    names.SERVICE_ACCOUNT_TOKEN: _boolean,
}
