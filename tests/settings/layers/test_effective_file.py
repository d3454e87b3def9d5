"""What is written is read as the same settings, whatever text is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.rules.checks.scheduling import REQUIRED
from webhook.settings.layers import content_digest, settings_text, sorted_yaml
from webhook.settings.load import parse_settings
from webhook.settings.model import Settings

# What YAML parsers on the way would take for something else.
ODD = ("y", "no", "off", "1.30", "0o17", "012", "1_000", "12:30", "null", "~", "2026-11-23", "=",
       "<<", "- a", "a: b", "# a", "é", "{}", "*a", "!a", " a ", "a\nb", "'", '"')  # fmt: skip
text = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8", exclude_categories=["C"]))


@given(image=text.filter(bool), groups=st.lists(text), inside=st.lists(text))
def test_an_effective_file_is_read_as_the_settings_it_was_written_from(
    image: str, groups: list[str], inside: list[str]
) -> None:
    settings = Settings.model_validate(
        {
            "mcpServerDefaults": {
                "image": image,
                "affinity": {"podAffinity": {REQUIRED: [{"namespaces": inside}]}},
            },
            "isolation": {"breakGlassGroups": groups},
            "rules": {"capabilities": "off"},
        }
    )

    assert parse_settings(settings_text(settings).encode(), "settings.yaml") == settings


def test_what_is_not_set_is_left_to_whoever_reads_it() -> None:
    assert settings_text(Settings()) == "{}\n"
    assert (
        settings_text(parse_settings("onConflict: deny", "settings.yaml")) == "onConflict: deny\n"
    )


def test_the_same_content_has_the_same_digest() -> None:
    one, other = sorted_yaml({"a": {"b": 1, "c": [2]}}), sorted_yaml({"a": {"c": [2], "b": 1}})

    assert one == other
    assert content_digest(one.encode()) != content_digest(b"{}")


@pytest.mark.parametrize("word", ["restricted", "team-a", "v1.30"])
def test_plain_words_need_no_quotes(word: str) -> None:
    assert sorted_yaml({"key": word}) == f"key: {word}\n"
