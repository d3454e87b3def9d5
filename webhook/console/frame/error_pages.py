"""What people read instead of a page: what happened, what it means, and what to do next.

The API server's own sentence is shown as it is.
"""

from typing import NamedTuple

from webhook.console.frame.page import Page
from webhook.kube import ApiError


class ErrorMeaning(NamedTuple):
    """What an error means for a reader, and what to do next."""

    title: str
    next_step: str


_REFUSED = ErrorMeaning(
    "You may not do this",
    "Ask who manages the cluster for the right that the sentence above names.",
)
_BUSY = ErrorMeaning("The cluster is busy", "Wait a little, then load the page again.")
ERROR_MEANINGS = {
    401: ErrorMeaning(
        "The cluster does not know you any more",
        "Renew your credentials, then sign in again.",
    ),
    403: _REFUSED,
    404: ErrorMeaning(
        "This is not there",
        "It may have been deleted, or its address mistyped. Look for it from the first page.",
    ),
    409: ErrorMeaning(
        "Somebody else was faster",
        "It was changed since you saw it. Load the page again, and look at what is there now.",
    ),
    410: _BUSY,
    422: ErrorMeaning(
        "The cluster does not accept this", "Go back, and correct what the sentence above names."
    ),
    429: _BUSY,
    500: ErrorMeaning(
        "The console failed", "Load the page again. The console's log says where it failed."
    ),
    503: ErrorMeaning(
        "The cluster cannot answer",
        "Look whether its API server runs and can be reached, then load the page again.",
    ),
}
_OTHER = ErrorMeaning("This cannot be done", "Go back, and follow the sentence above.")


def error_page(status: int, sentence: str, home: str) -> Page:
    """The page for this status; `home` is the first page that there is."""
    means = ERROR_MEANINGS.get(status, _OTHER)
    return Page("error.html", {**means._asdict(), "sentence": sentence, "home": home}, status)


def status_of(error: ApiError) -> int:
    """The API server's own status where it refuses; 503 where it failed or is away."""
    return error.status if 400 <= error.status < 500 else 503
