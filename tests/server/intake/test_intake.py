"""How long a request may take, as its query says."""

import pytest

from webhook.server.intake import request_timeout
from webhook.server.turns import RejectedError


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", 10),
        ("verbose=true", 10),
        ("timeout=5s", 5),
        ("timeout=500ms", 0.5),
        ("timeout=1m30s", 30),
        ("timeout=1h", 30),
        ("timeout=1.5s", 1.5),
        ("timeout=.5s", 0.5),
        ("timeout=1.s", 1),
        ("timeout=%2B2s", 2),
        ("timeout=1s500ms", 1.5),
        ("timeout=3s250000us", 3.25),
        ("timeout=1000000%C2%B5s", 1),
        ("timeout=1000000%CE%BCs", 1),
        ("timeout=2000000000ns", 2),
        ("timeout=2s&timeout=soon", 2),
        ("timeout=" + "9" * 400 + "s", 30),
    ],
)
def test_a_timeout_is_a_go_duration(query: str, seconds: float) -> None:
    assert request_timeout(query) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "duration",
    [
        "",
        "5",
        "s",
        "soon",
        "5 s",
        "-5s",
        "0s",
        "0",
        "5S",
        "1e3s",
        "1s2",
        "5d",
        ".s",
        "inf",
        "%D9%A5s",
    ],
)
def test_anything_else_is_refused_without_being_quoted(duration: str) -> None:
    with pytest.raises(RejectedError) as raised:
        request_timeout(f"timeout={duration}")

    assert raised.value.status == 400
    assert str(raised.value) == "timeout should be a positive duration, such as 5s or 1m30s"
