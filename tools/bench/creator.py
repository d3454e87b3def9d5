"""The process that creates pods at an API server, and what it says about each of them.

It is a Go program, because a client in Python would take a good part of one of two cores from what
is measured. Objects that were stored come back with the times, and are judged here afterwards.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tools.cluster.clients import clean_environment

Json = dict[str, Any]

NO_ANSWER, CREATED, FAILED = 0, 201, 500
# How the API server says that a webhook, or itself, took too long.
TOO_LATE = ("context deadline exceeded", "Timeout", "timeout", "timed out")


@dataclass(frozen=True)
class Job:
    """So many creates of one body, at most `at_once` of them under way; the paths take turns.

    With `per_second`, they begin at this rate. With `watch`, the path of a watch, the creator also
    says when each pod was first seen without `gate`, and waits so many seconds for the last.
    """

    paths: Sequence[str]
    body: Json
    count: int
    at_once: int = 1
    per_second: float = 0.0
    watch: str = ""
    gate: str = ""
    seconds: float = 0.0

    def line(self) -> str:
        """As the creator reads it."""
        words = {"at_once": "atOnce", "per_second": "perSecond"}
        return json.dumps({words.get(key, key): value for key, value in asdict(self).items()})


@dataclass(frozen=True)
class Answer:
    """What came of one create: when, in seconds since the job began, and the stored object."""

    sent: float
    answered: float
    status: int
    error: str = ""
    object: Json = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """From the request to the end of the answer."""
        return self.answered - self.sent

    @property
    def created(self) -> bool:
        """Whether the object was stored."""
        return self.status == CREATED

    @property
    def too_late(self) -> bool:
        """Whether somebody did not wait long enough: the client, the API server, or its webhook."""
        said = self.error or str(self.object.get("message", ""))
        failed = self.status == NO_ANSWER or self.status >= FAILED
        return failed and any(words in said for words in TOO_LATE)

    @property
    def uid(self) -> str:
        """The uid of the stored object."""
        found: str = self.object["metadata"]["uid"]
        return found

    def __str__(self) -> str:
        return f"{self.status} {self.error or self.object.get('message', self.object)}"


@dataclass(frozen=True)
class Outcome:
    """What came of a job. `opened` has the second at which a pod, by uid, was without its gate."""

    answers: list[Answer]
    opened: dict[str, float]

    @classmethod
    def read(cls, line: str) -> Self:
        """From the creator's own words, which count in microseconds."""
        said = json.loads(line)
        answers = [
            Answer(
                each["sent"] / 1e6,
                each["answered"] / 1e6,
                each["status"],
                each.get("error", ""),
                each.get("object", {}),
            )
            for each in said["answers"]
        ]
        return cls(answers, {uid: at / 1e6 for uid, at in said["opened"].items()})


class Creator:
    """The running program; a context manager. Its connections stay open from job to job."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self._process = subprocess.Popen(
            [program, "-kubeconfig", kubeconfig],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(kubeconfig.parent),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, job: Job) -> Outcome:
        """Do the job. Raises RuntimeError when the program has ended; it has said why."""
        asked, said = self._process.stdin, self._process.stdout
        if asked is None or said is None:
            raise RuntimeError("the creator has no standard input or output")
        asked.write(job.line() + "\n")
        asked.flush()
        line = said.readline()
        if not line:
            raise RuntimeError(f"the creator ended with status {self._process.wait()}")
        return Outcome.read(line)
