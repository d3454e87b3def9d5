"""Values are escaped, what is not seen is shown, and the files are those that were pinned."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import jinja2
import pytest

from tests.console.played_cluster import HOSTILE, fields_of, structure
from webhook.console.frame.page import (
    CONSOLE,
    NAVIGATION,
    STATIC,
    Page,
    PageRenderer,
    Route,
    time_element,
    visible_text,
    with_times,
)

TEMPLATES = sorted(path.name for path in (CONSOLE / "templates").glob("*.html"))
SHARED: dict[str, object] = {}


async def handler(_: object) -> Page:
    raise AssertionError


def rendered(renderer: PageRenderer, template: str, **values: object) -> str:
    renderer._environment.loader = jinja2.DictLoader({"t.html": template})
    body = renderer.render(Page("t.html", values), SHARED).body
    assert isinstance(body, bytes)
    return body.decode()


@pytest.fixture
def renderer() -> PageRenderer:
    return PageRenderer([])


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_value_changes_the_structure(renderer: PageRenderer, text: str) -> None:
    template = (
        '<p title="{{ a }}">{{ a }}</p><input name="{{ a|exactly }}" value="{{ a|exactly }}">'
    )
    page = rendered(renderer, template, a=text)

    assert structure(page) == structure(rendered(renderer, template, a="harmless"))
    assert fields_of(page) == {text: text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u202eb", "a\\u{202e}b"),
        ("\x1b[2J", "\\u{001b}[2J"),
        ("\U000e0041", "\\u{e0041}"),
        ("\ud800", "\\u{d800}"),
        ("line\n\tnext", "line\n\tnext"),
        ("a\u200cb 👩\u200d💻 ❤\ufe0f", "a\u200cb 👩\u200d💻 ❤\ufe0f"),
    ],
    ids=["direction", "control", "tag", "half", "line", "joined"],
)
def test_what_is_not_seen_is_shown(text: str, expected: str) -> None:
    assert visible_text(text) == expected


def test_a_value_that_is_missing_is_an_error(renderer: PageRenderer) -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered(renderer, "{{ missing }}")


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T12:00:00Z",
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        "2026-03-01T12:00:00.123456Z",
    ],
    ids=["text", "utc", "zone", "micro"],
)
def test_a_time_is_written_for_people_and_programs(value: datetime | str) -> None:
    assert time_element(value) == (
        '<time datetime="2026-03-01T12:00:00Z" title="2026-03-01 12:00:00 UTC">'
        "2026-03-01 12:00:00 UTC</time>"
    )


@pytest.mark.parametrize("value", [None, ""])
def test_no_time_is_unknown(value: str | None) -> None:
    assert time_element(value) == "unknown"


def test_what_is_no_time_is_shown_as_it_is(renderer: PageRenderer) -> None:
    assert rendered(renderer, "{{ moment('<b>') }}") == "&lt;b&gt;"
    assert time_element("0001-01-01T00:00:00+23:00") == "0001-01-01T00:00:00+23:00"


def test_pages_lead_to_those_that_there_are() -> None:
    routes = [Route("GET", path, handler) for path in ("/health", "/")]
    found = PageRenderer([*routes, Route("POST", "/apply", handler)])

    assert list(found.navigation) == ["/", "/health"]
    assert (found.home, PageRenderer(routes[:1]).home) == ("/", "/health")
    assert list(NAVIGATION)[-1] == "/about"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_script_style_or_stranger_of_its_own(name: str) -> None:
    text = (CONSOLE / "templates" / name).read_text(encoding="utf-8")

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://|\|\s*safe", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"hx-(on|vals|vars|headers)", text)


def test_every_file_is_shipped_and_served(renderer: PageRenderer) -> None:
    assert STATIC.keys() == {path.name for path in (CONSOLE / "static").iterdir()}
    assert renderer.files["console.css"].body


def test_what_others_wrote_is_what_was_pinned() -> None:
    static = CONSOLE / "static"
    pinned = json.loads((static / "third_party.json").read_text(encoding="utf-8"))

    assert [(each["name"], each["license"]) for each in pinned] == [("htmx.org", "0BSD")]
    for package in pinned:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert f'version:"{package["version"]}"' in (static / "htmx.min.js").read_text()
        for name, expected in package["files"].items():
            digest = hashlib.sha512((static / name).read_bytes()).digest()
            assert expected == f"sha512-{base64.b64encode(digest).decode()}"


def test_our_own_files_load_nothing_from_elsewhere() -> None:
    for name in ("console.css", "console.js"):
        text = (CONSOLE / "static" / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|@import|url\(|eval\(|Function\(|innerHTML", text)


def test_the_times_in_a_sentence_are_those_of_its_reader() -> None:
    said = with_times("enforcing since 2026-03-01T12:00:00Z; <b> at 2026-99-01T12:00:00Z \u202e")

    assert said == (
        'enforcing since <time datetime="2026-03-01T12:00:00Z" title="2026-03-01 12:00:00 UTC">'
        "2026-03-01 12:00:00 UTC</time>; &lt;b&gt; at 2026-99-01T12:00:00Z \\u{202e}"
    )
