"""Nothing of an object reaches log, metrics or error answers but who it is."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.reviews import asked, posted
from tests.server.serving import Recorder, serving
from webhook.admission.answer import Answer, Finding, Severity
from webhook.admission.workload import Request, Scope
from webhook.observe.logs import JsonLines
from webhook.server.decision import Reviewer
from webhook.settings.model import Settings

SECRET = "hunter2"
TOLD = {"uid", "name", "namespace", "operation"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process would write on stderr, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def _secrets(value: Any) -> Any:
    """The same shape with the secret in every text, key and item."""
    if isinstance(value, dict):
        return {key: _secrets(item) for key, item in value.items()} | {SECRET: SECRET}
    if isinstance(value, list):
        return [_secrets(item) for item in value] + [SECRET]
    return SECRET


def _everywhere() -> bytes:
    """A review that holds the secret wherever it may hold anything that is not to be told."""
    request = asked()
    fields = {
        key: _secrets(value)
        for key, value in request.items()
        if key not in TOLD | {"uid", "kind", "resource", "dryRun", "oldObject"}
    }
    fields["oldObject"] = fields["object"]
    fields["subResource"] = SECRET
    fields["kind"] = {"group": SECRET, "version": SECRET, "kind": "Pod"}
    fields["resource"] = {"group": SECRET, "version": SECRET, "resource": SECRET}
    fields["userInfo"] = {"username": "jane", "groups": [SECRET], "extra": {SECRET: [SECRET]}}
    return posted(**fields)


BODIES = {
    "a review": _everywhere(),
    "no uid": posted(uid=None, object=SECRET),
    "a wrong group": posted(userInfo={"groups": [SECRET, {SECRET: SECRET}]}),
    "a wrong kind": posted(kind=SECRET),
    "a wrong flag": posted(dryRun=SECRET),
    "another version": posted().replace(b"admission.k8s.io/v1", SECRET.encode()),
    "no JSON": SECRET.encode(),
    "no end": posted(object=SECRET)[:-2],
    "a bad escape": posted(object=SECRET).replace(SECRET.encode(), SECRET.encode() + b"\\ud800"),
    "not a number": posted(object=float("nan"), oldObject=SECRET),
    "a list": json.dumps([SECRET]).encode(),
}


def _raises(request: Request, _settings: Settings, _scope: Scope) -> Answer:
    raise ValueError(request.object, SECRET) from KeyError(SECRET)


# What a rule says is told to users and logged: no rule quotes a value that may be a secret.
FINDING = Finding("capabilities", Severity.ERROR, f"/spec/{SECRET}", "a message", brief=SECRET)
REVIEWS: dict[str, Reviewer] = {
    "allows": Recorder(),
    "refuses": Recorder(Answer(False, 403, SECRET, (SECRET,), findings=(FINDING,))),
    "raises": _raises,
}


@pytest.mark.parametrize("path", ["/mutate", "/validate/managed", f"/{SECRET}"])
@pytest.mark.parametrize("review", REVIEWS)
@pytest.mark.parametrize("body", BODIES)
async def test_no_secret_reaches_a_message_log_line_or_metric(
    path: str, review: str, body: str, log: io.StringIO
) -> None:
    async with serving(REVIEWS[review]) as server:
        answer, text = await server.post(path, BODIES[body])
        metrics = server.metrics.render().decode()

    assert log.getvalue()
    assert SECRET not in log.getvalue()
    assert SECRET not in metrics
    assert review == "refuses" or SECRET not in text.decode()
    if body == "a review" and SECRET not in path:
        line = json.loads(log.getvalue().splitlines()[-1])
        assert (answer.status, line["namespace"], line["name"]) == (200, "tools", "github-tools")


HEAD = b"Host: a\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /mutate HTTP/1.1\r\n%sContent-Length: 1\r\n\r\n{hunter2 hunter2\r\n\r\n" % HEAD,
        b"POST /mutate HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\nhunter2\r\n" % HEAD,
        b"hunter2 / HTTP/1.1\r\n\r\n",
        b"POST /hunter2 HTTP/hunter2\r\nhunter2: hunter2\r\n\r\n",
        b"POST /mutate?timeout=hunter2 HTTP/1.1\r\n%sConnection: close\r\n\r\n" % HEAD,
    ],
)
async def test_what_is_no_http_is_not_quoted(sent: bytes, log: io.StringIO) -> None:
    """Also the rest of a body that was longer than announced."""
    async with serving() as server:
        received = await server.raw(sent)
        metrics = server.metrics.render().decode()

    assert b" 400 Bad Request" in received
    for told in (received.decode(), metrics, log.getvalue()):
        assert SECRET not in told
