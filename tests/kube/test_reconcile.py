"""Turns follow each other at once, later, or later still after failures, until the end."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

import pytest

from webhook.kube import loop
from webhook.kube.errors import ApiError
from webhook.kube.loop import repeat
from webhook.kube.queue import Backoff
from webhook.observe.control_metrics import CertificateMetrics

AT_ONCE = timedelta(0)


class Turns:
    """Turns that end as they are told to, and the last of them ends the loop."""

    def __init__(self, *endings: timedelta | Exception) -> None:
        self.stop = asyncio.Event()
        self.metrics = CertificateMetrics()
        self._endings = list(endings)

    async def __call__(self) -> timedelta:
        ending = self._endings.pop(0)
        if not self._endings:
            self.stop.set()
        if isinstance(ending, Exception):
            raise ending
        return ending

    async def run(self) -> float | None:
        """Take them all; how many failed."""
        async with asyncio.timeout(10):
            await repeat(self, self.stop, self.metrics.failed)
        assert self._endings == []
        name = "mcp_admission_rotation_failures_total"
        return self.metrics.registry.get_sample_value(name)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The longest that each pause might have been; none is waited for."""
    found: list[float] = []

    def uniform(least: float, most: float) -> float:
        assert least == 0.0
        found.append(most)
        return 0.0

    monkeypatch.setattr(loop, "Backoff", partial(Backoff, uniform))
    return found


async def test_turns_follow_until_the_end() -> None:
    assert await Turns(AT_ONCE, AT_ONCE, timedelta(seconds=0.01), timedelta(hours=1)).run() == 0


async def test_a_pause_doubles_with_each_failure_and_starts_anew(pauses: list[float]) -> None:
    error = ApiError(500, "InternalError", "it broke")

    failed = await Turns(*[error] * 10, AT_ONCE, error, AT_ONCE).run()

    assert failed == 11
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0, 0.2]


async def test_the_reason_is_logged_but_never_what_an_unknown_error_quotes(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    await Turns(ApiError(403, "Forbidden", "who are you"), ValueError("a secret"), AT_ONCE).run()

    first, second = caplog.records
    assert first.fields == {"reason": "who are you"}  # type: ignore[attr-defined]
    assert second.levelno == logging.ERROR
    assert "a secret" not in second.getMessage()
    assert len(pauses) == 2
