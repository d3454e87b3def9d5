"""How the value of each annotation is read, apart from what the settings grant."""

import re
from collections.abc import Callable

from webhook import names
from webhook.settings.text_forms import is_dns_subdomain

_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PORT_NAME = re.compile(r"(?=[-0-9]*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_LONGEST_KEY = 253


def unreadable(key: str, value: str) -> str | None:
    """What is wrong with a value, as a sentence that follows the name; None where nothing is."""
    reads = _READS.get(key)
    return None if reads is None else reads(value)


def port(value: str) -> str | None:
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
    names.PORT: port,
    names.CONFIG_FROM: _secret,
    names.FILE_KEYS: _keys,
    names.ENV_FROM: _secrets,
    names.FILES_FROM: _secrets,
    names.SERVICE_ACCOUNT_TOKEN: _boolean,
}
