"""What every command's parser does with words that it does not know."""

import argparse

import pytest

from webhook.cli.command import OneOf, Parser, add_command, did_you_mean


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("tabel", ": did you mean table?"),
        ("jsno", ": did you mean json?"),
        ("xml", ""),
        ("", ""),
    ],
)
def test_only_a_word_that_is_alike_is_suggested(wrong: str, said: str) -> None:
    assert did_you_mean(wrong, ["table", "json"]) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "x"], "unrecognized arguments: --out"),
        (["--outptu=x"], "unrecognized arguments: --outptu=x: did you mean --output?"),
        (["--output", "tabel", "a"], "invalid choice: 'tabel': did you mean table?"),
        (["--output", "xml", "a"], "invalid choice: 'xml': choose from table, json"),
        (["a", "b"], "unrecognized arguments: b"),
        ([], "the following arguments are required: file"),
    ],
    ids=str,
)
def test_an_unknown_word_is_refused_before_a_missing_one(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = Parser(prog="x")
    parser.add_argument("--output", choices=("table", "json"))
    parser.add_argument("file")

    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_what_follows_two_hyphens_is_no_option() -> None:
    parser = Parser()
    parser.add_argument("file")

    assert parser.parse_args(["--", "--odd"]).file == "--odd"


def test_one_of_several_words_is_read_and_another_one_refused() -> None:
    read = OneOf("rule", ("capabilities", "privileged"))

    assert read("privileged") == "privileged"
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        read("priviliged")
    assert str(refused.value) == "'priviliged' is no rule: did you mean privileged?"


def test_a_command_can_end_with_a_usage_error_of_its_own_parser() -> None:
    parser = Parser(prog="x")
    below = add_command(parser.add_subparsers(), "audit", short="s", description="d")

    assert parser.parse_args(["audit"]).parser is below
