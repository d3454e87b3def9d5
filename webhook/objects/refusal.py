"""Why an object is not made: said where the server's owner looks, in an Event on the Deployment."""

from webhook import names

LONGEST_NOTE = 1000
"""Kubernetes takes 1024 characters in the note of an Event."""


class Refused(Exception):  # noqa: N818 - it is an answer to the server's owner, not a failure of ours
    """An object that cannot be made as the workload asks.

    `reason` is the Event's reason; `sentences` say what is wrong, where and how to mend it, and
    quote no value of a Secret.
    """

    def __init__(self, reason: str, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.reason = reason
        self.sentences = sentences

    @property
    def note(self) -> str:
        """All sentences as the note of one Event, cut where an Event ends."""
        text = str(self)
        return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 3]}..."


def asked(key: str, sentence: str) -> str:
    """A sentence about one of the workload's annotations, as admission words it."""
    return f"metadata.annotations[{key}] {sentence}"


def disagreeing(key: str) -> Refused:
    """What is asked in two places that say different things is not granted in either."""
    sentence = "differs from the pod template: say it in one place"
    return Refused(f"{_reason(key)}Contradicts", asked(key, sentence))


def _reason(key: str) -> str:
    return "".join(map(str.capitalize, key.removeprefix(names.PREFIX).split("-")))
