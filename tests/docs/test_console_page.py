"""The pictures of the page about the console are there, and nothing else is in their folder."""

import re
from pathlib import Path

import pytest

from tools.screenshots.palette import size
from tools.screenshots.pictures import HIGHEST, PICTURES, WIDTH

PAGE, FOLDER = Path("docs/console.md"), Path("docs/screenshots")
FILES = {f"{picture.name}.png" for picture in PICTURES}
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
MOST_BYTES = 700_000


def test_the_page_shows_every_picture_that_is_made() -> None:
    shown = [path for _, path in IMAGE.findall(PAGE.read_text(encoding="utf-8"))]

    assert sorted(shown) == sorted(f"screenshots/{name}" for name in FILES)
    assert {path.name for path in FOLDER.iterdir()} == FILES


def test_every_picture_says_what_is_seen_on_it() -> None:
    for page in (PAGE, Path("README.md")):
        for text, path in IMAGE.findall(page.read_text(encoding="utf-8")):
            assert len(text.split()) > 4, f"{page}: {path}"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_picture_has_the_width_of_a_window(name: str) -> None:
    width, height = size((FOLDER / name).read_bytes())

    assert width == WIDTH
    assert 150 <= height <= HIGHEST


def test_together_they_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MOST_BYTES
