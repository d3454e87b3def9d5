"""One line of JSON an event, on stderr.

What clients send stays out of the log: an exception is logged as its type and the lines of code
that it passed through, never by its message, which may quote the object under review.
"""

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from types import TracebackType
from typing import Any, ClassVar, TextIO

LONGEST_VALUE = 253
MOST_PLACES = 12
MOST_REASONS = 10
MOST_LINES_A_SECOND = 10
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
OURS = ("webhook", "certs")


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every record of every logger, and Python's warnings, to one stream as JSON lines.

    Nothing below the level, and of libraries nothing below `info`: their debug lines
    may quote what clients sent.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)


def cut(value: str) -> str:
    """A value from a request's body, as long as the longest name that Kubernetes accepts."""
    return value[:LONGEST_VALUE]


def failure(error: BaseException) -> dict[str, Any]:
    """The fields that describe an exception without quoting it."""
    return {
        "exception": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": traceback_lines(error.__traceback__),
    }


def traceback_lines(traceback: TracebackType | None) -> list[str]:
    """Module and line of the last calls before an exception, the innermost last."""
    found = []
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "?")
        found.append(f"{module}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return found[-MOST_PLACES:]


class SeldomLog:
    """Logs what a client can cause as often as it likes: a few lines a second for each message."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._second: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._ends = float("-inf")

    def log(self, logger: logging.Logger, level: int, message: str, fields: dict[str, Any]) -> None:
        """Log it, or count it: the next line says how many were left out."""
        now = self._clock()
        if now >= self._ends:
            self._ends = now + 1
            self._second.clear()
        self._second[message] += 1
        if self._second[message] > MOST_LINES_A_SECOND:
            self._left_out[message] += 1
            return
        if left_out := self._left_out.pop(message, 0):
            fields = {**fields, "left_out": left_out}
        logger.log(level, message, extra={"fields": fields})


class PreparedRecord(logging.LogRecord):
    """A record whose fields are written already, as they stand between the braces of its line.

    It is for what is logged with each request. No line shows caller, thread or process, and to find
    them takes longer than to write the line: here they are empty.
    """

    fields: str
    _EMPTY: ClassVar = vars(logging.makeLogRecord({}))

    def __init__(self, name: str, level: int, message: str, fields: str) -> None:
        self.__dict__.update(
            self._EMPTY,
            name=name,
            levelno=level,
            levelname=logging.getLevelName(level),
            msg=message,
            created=time.time(),
            fields=fields,
        )


quoted = encode_basestring_ascii
"""A text as JSON in ASCII, with its quotes; in C."""


class JsonLines(logging.Formatter):
    """A record as one JSON object: time, level, message, fields of `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception's message and the values in its frames are left out."""
        level = record.levelname.lower()
        if isinstance(record, PreparedRecord):
            return (
                f'{{"time": "{_time(record.created)}", "level": "{level}", '
                f'"message": {quoted(record.msg)}, {record.fields}}}'
            )
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": level,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= failure(record.exc_info[1])
        return json.dumps(line, default=str)


def _time(created: float) -> str:
    seconds, microseconds = divmod(round(created * 1e6), 1_000_000)
    return f"{_second(seconds)}.{microseconds // 1000:03d}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
