"""What an API server may answer instead of what it was asked for, one class for each case.

No message quotes what was sent, or what is stored in a Secret: a Status about a Secret that the API
server could not read may hold its values.
"""

from collections.abc import Mapping
from typing import Any

SECRETS = "/secrets"
# Their messages name users, resources and objects, nothing of what is inside.
HARMLESS = {401, 403, 404, 409, 410, 429}
LONGEST_MESSAGE = 1000


class ConfigurationError(Exception):
    """There is no way to an API server; one sentence that names the way out.

    It quotes a kubeconfig, which may be a stranger's: it is one line, and commands no terminal.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(char if char.isprintable() else " " for char in sentence))


def no_configuration(source: str, reason: str) -> ConfigurationError:
    """The error for a source of credentials that holds none."""
    return ConfigurationError(
        f"{source} shows no way to a cluster ({reason}): run in a pod with a ServiceAccount token, "
        "or name a file that kubectl takes with --kubeconfig"
    )


class ApiError(Exception):
    """The API server refused the request, or it was not answered or not sent (status 0)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


class Forbidden(ApiError):  # noqa: N818 - named as the API server names it, like those below
    """RBAC or an admission webhook does not allow it."""


class NotFound(ApiError):  # noqa: N818
    """There is no such object, or no such resource."""


class AlreadyExists(ApiError):  # noqa: N818
    """An object of this name exists; it may belong to another owner."""


class Conflict(ApiError):  # noqa: N818
    """The object is not the one that was seen, or another manager owns the field."""


class Gone(ApiError):  # noqa: N818
    """What was to be continued is too old to be known: list again."""


class Invalid(ApiError):  # noqa: N818
    """The object would not be valid, or a test of a JSON patch failed."""


class Unreachable(ApiError):  # noqa: N818
    """No answer: network, TLS or time."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "Unreachable", message)


class NotLeading(ApiError):  # noqa: N818
    """Another process may hold the Lease by now, so that the request was not sent."""

    def __init__(self, call: str) -> None:
        super().__init__(0, "NotLeading", f"{call}: not sent, another controller may lead by now")


class TooManyRequests(ApiError):  # noqa: N818
    """The API server asks for a break of `retry_after` seconds."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float = 1.0) -> None:
        super().__init__(status, reason, message)
        self.retry_after = retry_after


CLASSES: Mapping[int, type[ApiError]] = {
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
}


def is_refusal(error: Exception) -> bool:
    """Whether a quota, a right, a policy or the end of a namespace refuses it, and soon again."""
    return isinstance(error, Forbidden | NotFound | AlreadyExists | Invalid)


def is_outage(error: Exception) -> bool:
    """Whether the API server, or what it asks, could not answer now."""
    if not isinstance(error, ApiError):
        return False
    return isinstance(error, Unreachable | TooManyRequests) or error.status >= 500


def refusal(call: str, status: int, answer: Any, retry_after: str | None = None) -> ApiError:
    """The error that an answer stands for: decoded JSON, None where it was none.

    `call` is the method and the path; it starts the message.
    """
    known = isinstance(answer, dict) and answer.get("kind") == "Status"
    reason = _text(answer, "reason") if known else "unknown"
    said = _text(answer, "message") if known else "the answer is not that of a Kubernetes API"
    if known and SECRETS in call and status not in HARMLESS:
        said = "what it says is left out, it may quote the Secret"
    message = f"{call}: {status} {reason}: {said[:LONGEST_MESSAGE]}"
    if status == 409 and reason == "AlreadyExists":
        return AlreadyExists(status, reason, message)
    if status == 429:
        return TooManyRequests(status, reason, message, _seconds(retry_after))
    return CLASSES.get(status, ApiError)(status, reason, message)


def _text(answer: Mapping[str, Any], key: str) -> str:
    return str(answer.get(key) or "unknown")


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdecimal() else 1.0
