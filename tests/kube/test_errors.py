"""The error that an answer of the API server stands for, and what its message never quotes."""

from typing import Any

import pytest

from webhook.kube import errors


def status(reason: str, message: str = "why") -> dict[str, Any]:
    return {"kind": "Status", "reason": reason, "message": message}


@pytest.mark.parametrize(
    ("code", "answer", "kind"),
    [
        (403, status("Forbidden"), errors.Forbidden),
        (404, status("NotFound"), errors.NotFound),
        (409, status("AlreadyExists"), errors.AlreadyExists),
        (409, status("Conflict"), errors.Conflict),
        (410, status("Expired"), errors.Gone),
        (422, status("Invalid"), errors.Invalid),
        (429, status("TooManyRequests"), errors.TooManyRequests),
        (500, status("InternalError"), errors.ApiError),
        (404, None, errors.NotFound),
        (502, ["odd"], errors.ApiError),
    ],
)
def test_each_answer_has_its_own_error(code: int, answer: Any, kind: type[errors.ApiError]) -> None:
    error = errors.refusal("GET /api/v1/pods", code, answer)

    assert type(error) is kind
    assert error.status == code
    assert error.message.startswith(f"GET /api/v1/pods: {code} ")


@pytest.mark.parametrize(("code", "quoted"), [(403, True), (404, True), (422, False), (500, False)])
def test_a_message_about_a_secret_is_quoted_only_where_it_holds_no_value(
    code: int, quoted: bool
) -> None:
    call = "PATCH /api/v1/namespaces/team/secrets/crm"
    error = errors.refusal(call, code, status("Reason", "hunter2"))

    assert ("hunter2" in error.message) is quoted


def test_a_message_is_cut() -> None:
    error = errors.refusal("GET /", 500, status("InternalError", "x" * 100_000))

    assert len(error.message) < errors.LONGEST_MESSAGE + 100


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, 1.0), ("7", 7.0), ("", 1.0), ("soon", 1.0), ("²", 1.0)]
)
def test_the_break_is_as_long_as_the_api_server_asks(header: str | None, seconds: float) -> None:
    error = errors.refusal("GET /", 429, status("TooManyRequests"), header)

    assert isinstance(error, errors.TooManyRequests)
    assert error.retry_after == seconds


def test_a_configuration_error_is_one_line_that_commands_no_terminal() -> None:
    assert str(errors.ConfigurationError("a\x1b[31m\nb")) == "a [31m b"
