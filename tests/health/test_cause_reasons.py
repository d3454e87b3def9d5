"""Every reason of a cause is explained, and nothing else is."""

import re
from pathlib import Path

import pytest

from webhook import health, objects
from webhook.health.cause_reasons import CAUSES, REMEDIES, cause_id

SOURCES = [Path(str(each.__file__)).parent for each in (health, objects)]
# A reason where a cause or a refusal is made.
MADE = re.compile(
    r"(?:_cause\(|Cause\(\w+,|_Refusal\(\s*r.+?,|Refused\(|REASON =|MISSING =|OTHER =)"
    r'\s*"([A-Z]\w+)"'
)


def test_every_reason_is_explained() -> None:
    text = "".join(
        file.read_text()
        for folder in SOURCES
        for file in folder.glob("*.py")
        if file.name != "cause_reasons.py"
    )
    said = {*re.findall(r'"([A-Z][A-Za-z]+)"', text)}

    assert {*MADE.findall(text)} <= CAUSES.keys()
    assert CAUSES.keys() - said == {"AnnotationContradicts"}


def test_what_kubernetes_says_has_a_remedy_and_refusals_say_it_themselves() -> None:
    text = "".join(file.read_text() for file in SOURCES[1].glob("*.py"))
    refusals = {each for each in CAUSES if f'"{each}"' in text}

    assert CAUSES.keys() - REMEDIES.keys() == refusals | {"AnnotationContradicts"}
    assert CAUSES.keys() >= REMEDIES.keys()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("CrashLoop", "crash-loop"),
        ("NoPodReady", "no-pod-ready"),
        ("EgressContradicts", "annotation-contradicts"),
        ("ConfigFromContradicts", "annotation-contradicts"),
    ],
)
def test_reports_write_it_like_the_id_of_a_rule(reason: str, expected: str) -> None:
    assert cause_id(reason) == expected


def test_every_reason_has_an_id_of_its_own() -> None:
    assert len({*map(cause_id, CAUSES)}) == len(CAUSES)
