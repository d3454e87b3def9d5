"""What a list of servers shows of each beside its findings: image, runtime class, age, exceptions.

An audit reads the objects anyway. What it keeps of each is a few words, whose length is bounded.
"""

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from webhook.admission import Workload
from webhook.pods import Pod

Json = dict[str, Any]
LONGEST_FACT = 300
MOST_EXCEPTIONS = 20
"""An image's name has no bound in Kubernetes, and a server may have any number of exceptions."""


class ServerFacts(NamedTuple):
    """The image of its server container, its runtime class, when it was created, its exceptions.

    Empty where its template names none. `created` is a time as Kubernetes writes it. `exceptions`
    are the names of those that count for it, whether it needs them or not.
    """

    image: str = ""
    runtime_class: str = ""
    created: str = ""
    exceptions: tuple[str, ...] = ()


class FactsByWorkload:
    """The facts of every server, while they are collected."""

    def __init__(self) -> None:
        self._found: dict[Hashable, ServerFacts] = {}
        # Thousands of servers have few images and runtime classes between them.
        self._words: dict[str, str] = {}

    def add(
        self, key: Hashable, found: Json, workload: Workload, exceptions: Iterable[str] = ()
    ) -> None:
        """Add a workload, or a pod of it: that has what the template was left to be filled in."""
        known = self._found.get(key)
        if known is None:
            self._found[key] = ServerFacts(
                self._image(workload),
                self._runtime_class(workload),
                str(found["metadata"].get("creationTimestamp") or ""),
                tuple(dict.fromkeys(exceptions))[:MOST_EXCEPTIONS],
            )
        elif not (known.image and known.runtime_class):
            image = known.image or self._image(workload)
            runtime_class = known.runtime_class or self._runtime_class(workload)
            self._found[key] = known._replace(image=image, runtime_class=runtime_class)

    def of(self, key: Hashable) -> ServerFacts:
        """What is known of a server; nothing where it was not added."""
        return self._found.get(key, _NOTHING)

    def _image(self, workload: Workload) -> str:
        container = Pod(workload.head).server
        return "" if container is None else self._word(container.fields.get("image"))

    def _runtime_class(self, workload: Workload) -> str:
        return self._word(workload.head.spec.get("runtimeClassName"))

    def _word(self, value: Any) -> str:
        text = str(value or "")[:LONGEST_FACT]
        return self._words.setdefault(text, text)


_NOTHING = ServerFacts()
