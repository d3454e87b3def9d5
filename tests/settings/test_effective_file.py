"""What is written is read as the same settings, whatever text is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.settings.affinity import REQUIRED
from webhook.settings.effective_file import digest, dumped, written
from webhook.settings.load import parse
from webhook.settings.model import Settings

# What YAML parsers on the way would take for something else.
ODD = ("y", "no", "off", "1.30", "0o17", "012", "1_000", "12:30", "null", "~", "2026-11-23", "=",
       "<<", "- a", "a: b", "# a", "é", "{}", "*a", "!a", " a ", "a\nb", "'", '"')  # fmt: skip
text = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8", exclude_categories=["C"]))


@given(image=text.filter(bool), groups=st.lists(text), inside=st.dictionaries(text, text))
def test_it_comes_back(image: str, groups: list[str], inside: dict[str, str]) -> None:
    settings = Settings.model_validate(
        {
            "mcpServerDefaults": {
                "image": image,
                "affinity": {"podAffinity": {REQUIRED: [inside]}},
            },
            "isolation": {"breakGlassGroups": groups},
            "rules": {"capabilities": "off"},
        }
    )

    assert parse(written(settings).encode(), "settings.yaml") == settings


def test_what_is_not_set_is_left_to_whoever_reads_it() -> None:
    assert written(Settings()) == "{}\n"
    assert written(parse("onConflict: deny", "settings.yaml")) == "onConflict: deny\n"


def test_the_same_content_has_the_same_digest() -> None:
    one, other = dumped({"a": {"b": 1, "c": [2]}}), dumped({"a": {"c": [2], "b": 1}})

    assert one == other
    assert digest(one.encode()) != digest(b"{}")


@pytest.mark.parametrize("word", ["restricted", "team-a", "v1.30"])
def test_plain_words_need_no_quotes(word: str) -> None:
    assert dumped({"key": word}) == f"key: {word}\n"
