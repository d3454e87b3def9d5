"""The reviews that the bench posts, and the answers that must come back.

Each is a recorded AdmissionReview with slots: places that hold another number in each review. A pod
that was seen before differs from the last one in what the API server makes up for each pod of one
template: uids and names. A pod that comes for the first time differs in the image too.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.bench.manifests import MARK
from tools.bench.results import WrongAnswerError
from webhook.admission import Hook, Scope, review
from webhook.server.admission_review import decode_review
from webhook.server.decision import make_decision
from webhook.settings.model import Settings

FOLDER = Path(__file__).with_name("bodies")
UID_DIGITS, SUFFIX_DIGITS = 12, 5
TOKEN_VOLUME = "kube-api-access-"
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SAMPLES = (1, 0xABCDE)

Json = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """A text, and where in it a number is written in how many hexadecimal digits."""

    text: str
    slots: tuple[tuple[int, int], ...]

    def numbered(self, number: int) -> str:
        """The text with this number in its slots."""
        text = self.text
        for at, width in self.slots:
            digits = f"{number:0{width}x}"[-width:]
            text = text[:at] + digits + text[at + width :]
        return text

    def as_json(self) -> Json:
        """As the load generator reads it."""
        return {"text": self.text, "slots": [{"at": at, "width": w} for at, w in self.slots]}


@dataclass(frozen=True)
class Case:
    """One kind of review. `file` is the recorded body, `word` stands in the ids of figures."""

    word: str
    title: str
    hook: Hook
    file: str
    patched: bool = False

    @property
    def path(self) -> str:
        """Where the API server posts it."""
        return f"/{self.hook.value}"

    @cached_property
    def recorded(self) -> str:
        """The body as it was recorded."""
        return (FOLDER / f"{self.file}.json").read_text(encoding="utf-8")

    def body(self, *, fresh: bool) -> Text:
        """Bodies of pods that come for the first time, or of pods of one template."""
        return Text(self.recorded, slots_of(self.recorded, fresh=fresh))

    def allowed(self) -> Text:
        """The part of an answer that says that the pod is allowed, as all servers write it."""
        part = f'"uid":"{json.loads(self.recorded)["request"]["uid"]}"'
        return Text(f'{part},"allowed":true', _uid_slots(part, part[len('"uid":"') : -1]))

    def answer(self, *, fresh: bool) -> Text:
        """What the product answers: the engine is asked, which has no server around it.

        Raises `WrongAnswerError` when it refuses the pod, or lacks a patch that belongs there.
        """
        body = self.body(fresh=fresh)
        answered = [self._answered(body.numbered(number)) for number in SAMPLES]
        response = json.loads(answered[0])["response"]
        if not response["allowed"] or ("patch" in response) is not self.patched:
            raise WrongAnswerError(f"{self.title}: the engine answers {answered[0]:.300}")
        answer = Text(answered[0], _uid_slots(answered[0], response["uid"]))
        if answer.numbered(SAMPLES[1]) != answered[1]:
            raise WrongAnswerError(f"{self.title}: answers to like pods differ in more than uids")
        return answer

    def _answered(self, body: str) -> str:
        asked = decode_review(body.encode(), self.hook)
        return make_decision(review, asked, Settings(), Scope.OPTED_IN).body.decode()


VALIDATE = Case("validate", "validate an admitted pod", Hook.VALIDATE, "template-two-validate")
TEMPLATE = Case(
    "template", "mutate a pod of a filled-in template", Hook.MUTATE, "template-two-mutate", True
)
BARE = Case("bare", "mutate a pod that lacks everything", Hook.MUTATE, "bare-two-mutate", True)
COMMON = (VALIDATE, TEMPLATE, BARE)


def sized(case: Case, containers: str) -> Case:
    """The same with `one`, `two` or `thirty` containers."""
    if containers == "two":
        return case
    number = {"one": "1 container", "thirty": "30 containers"}[containers]
    file = case.file.replace("two", containers)
    word = f"{case.word}-{number.split()[0]}"
    return Case(word, f"{case.title}, {number}", case.hook, file, case.patched)


def slots_of(body: str, *, fresh: bool) -> tuple[tuple[int, int], ...]:
    """Where bodies differ from pod to pod. Raises ValueError for a body that is not ASCII."""
    body.encode("ascii")  # else places were not those of bytes
    request: Json = json.loads(body)["request"]
    pod: Json = request["object"]
    found = set(_uid_slots(body, request["uid"]))
    if uid := pod["metadata"].get("uid"):
        found.update(_uid_slots(body, uid))
    if name := pod["metadata"].get("name"):
        found.update(_ends(body, f'"{name}"', SUFFIX_DIGITS))
    for volume in pod["spec"].get("volumes", []):
        if volume["name"].startswith(TOKEN_VOLUME):
            found.update(_ends(body, f'"{volume["name"]}"', SUFFIX_DIGITS))
    if fresh:
        for owner in pod["metadata"].get("ownerReferences", []):
            found.update(_uid_slots(body, owner["uid"]))
        found.update((each.start(), len(MARK)) for each in re.finditer(MARK, body))
    return tuple(sorted(found))


def blank(body: str) -> str:
    """What all pods of one template have in common."""
    request: Json = json.loads(body)["request"]
    for uid in (request["uid"], request["object"]["metadata"].get("uid", "")):
        body = body.replace(f'"{uid}"', '"uid"')
    return TIME.sub("", Text(body, slots_of(body, fresh=False)).numbered(0))


def _uid_slots(text: str, uid: str) -> tuple[tuple[int, int], ...]:
    return tuple(_ends(text, f'"{uid}"', UID_DIGITS))


def _ends(text: str, quoted: str, digits: int) -> list[tuple[int, int]]:
    """The last digits of a quoted word, wherever it stands."""
    return [(each.end() - 1 - digits, digits) for each in re.finditer(re.escape(quoted), text)]
