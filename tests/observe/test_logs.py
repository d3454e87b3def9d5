"""Lines of JSON that quote nobody."""

import io
import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from webhook.observe.logs import JsonLines, PreparedRecord, SeldomLog, configure, cut, failure


def _line(record: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(JsonLines().format(record))
    return line


def _record(message: str, *args: Any, **attributes: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"msg": message, "args": args, "levelname": "WARNING", "created": 1767225600.1239}
        | attributes
    )


def test_a_record_is_one_object() -> None:
    assert _line(_record("%s is %d", "a", 1, fields={"file": "settings"})) == {
        "time": "2026-01-01T00:00:00.123Z",
        "level": "warning",
        "message": "a is 1",
        "file": "settings",
    }


@pytest.mark.parametrize(
    ("created", "told"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1767225599.9999996, "2026-01-01T00:00:00.000Z")],
)
def test_a_time_is_told_in_milliseconds(created: float, told: str) -> None:
    assert _line(_record("a", created=created))["time"] == told


def test_a_record_with_written_fields_is_a_line_like_any_other() -> None:
    """Also for a handler that writes it another way."""
    record = PreparedRecord("webhook", logging.INFO, 'a "b"', '"file": "settings"')
    record.created = 1767225600.1239
    other = "%(asctime)s %(name)s %(levelname)s %(filename)s:%(lineno)d %(message)s"

    assert list(_line(record).items()) == [
        ("time", "2026-01-01T00:00:00.123Z"),
        ("level", "info"),
        ("message", 'a "b"'),
        ("file", "settings"),
    ]
    assert logging.Formatter(other).format(record).endswith('webhook INFO :0 a "b"')


def test_a_record_is_one_line_of_ascii() -> None:
    text = JsonLines().format(_record("a\nb\r\u2028\x1b[31m", fields={"name": "ü\n"}))

    assert text.isascii()
    assert text.isprintable()


def _fail(secret: str) -> None:
    raise ValueError(secret) from KeyError(secret)


def test_an_exception_is_told_by_type_and_place() -> None:
    """Its message may quote the object, and so may that of its cause."""
    try:
        _fail("hunter2")
    except ValueError as error:
        line = _line(_record("failed", exc_info=(ValueError, error, error.__traceback__)))

    assert line["exception"] == "builtins.ValueError"
    assert re.fullmatch(rf"{__name__}:\d+", line["at"][-1])
    assert "hunter2" not in json.dumps(line)


def test_no_exception_in_hand_is_none() -> None:
    assert "exception" not in _line(_record("fine", exc_info=(None, None, None)))


def _dig(depth: int) -> None:
    if depth == 0:
        raise RuntimeError
    _dig(depth - 1)


def test_only_the_innermost_places_are_told() -> None:
    with pytest.raises(RuntimeError) as raised:
        _dig(100)

    assert len(failure(raised.value)["at"]) == 12


def test_values_are_cut_to_the_longest_name() -> None:
    assert (cut("a" * 253), cut("a" * 254)) == ("a" * 253, "a" * 253)


def test_everything_goes_to_one_stream() -> None:
    """Also what libraries log, and Python's warnings."""
    program = (
        "import logging, warnings; from webhook.observe import logs; logs.configure();"
        "logging.getLogger('aiohttp.server').error('library');"
        "logging.getLogger().debug('silent');"
        "warnings.warn('careful')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert done.stdout == ""
    assert [line["level"] for line in lines] == ["error", "warning"]
    assert lines[0]["message"] == "library"


def test_another_stream_can_be_named() -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    for handler in before:
        root.removeHandler(handler)
    try:
        configure(stream)
        logging.getLogger("x").info("y")
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = before
        root.setLevel(level)

    assert json.loads(stream.getvalue())["message"] == "y"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("debug", ["webhook debug", "webhook info", "other info", "webhook error"]),
        ("info", ["webhook info", "other info", "webhook error"]),
        ("warning", ["webhook error"]),
        ("error", ["webhook error"]),
    ],
)
def test_nothing_below_the_level_is_told_and_nothing_of_others_below_info(
    name: str, told: list[str]
) -> None:
    program = (
        "import logging, sys; from webhook.observe import logs\n"
        f"logs.configure(level=logs.LEVELS[{name!r}])\n"
        "ours, other = logging.getLogger('webhook.controller'), logging.getLogger('aiohttp')\n"
        "ours.debug('webhook debug'); other.debug('other debug')\n"
        "ours.info('webhook info'); other.info('other info'); ours.error('webhook error')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == told


def test_what_a_client_causes_is_logged_a_few_times_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    seldom = SeldomLog(lambda: now)
    logger = logging.getLogger("seldom")
    for _ in range(1000):
        seldom.log(logger, logging.WARNING, "rejected", {"status": 503})
    seldom.log(logger, logging.WARNING, "failed", {})
    now = 1.0
    seldom.log(logger, logging.WARNING, "rejected", {"status": 503})

    assert [line.message for line in caplog.records] == ["rejected"] * 10 + ["failed", "rejected"]
    assert caplog.records[-1].fields == {"status": 503, "left_out": 990}  # type: ignore[attr-defined]
