"""Each error says what it means, and what to do next."""

import pytest

from webhook.console.frame.error_pages import ERROR_MEANINGS, error_page, status_of
from webhook.kube import ApiError


@pytest.mark.parametrize("status", [*ERROR_MEANINGS, 418])
def test_every_status_says_what_to_do_next(status: int) -> None:
    page = error_page(status, "said", "/home")

    assert page.status == status
    assert page.values["sentence"] == "said"
    assert page.values["next_step"].endswith(".")
    assert page.values["title"]


@pytest.mark.parametrize(
    ("status", "answered"), [(0, 503), (200, 503), (307, 503), (403, 403), (429, 429), (500, 503)]
)
def test_who_does_not_answer_is_not_there(status: int, answered: int) -> None:
    assert status_of(ApiError(status, "", "")) == answered
