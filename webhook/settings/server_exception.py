"""An exception that somebody granted to one workload, as reviews know it.

The resource `MCPServerException` is read elsewhere. A review compares nothing with a clock: what
has ended is taken out of the settings before.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

_BETWEEN_PARTS = ("/", ":", "@")


class ServerException(NamedTuple):
    """What a workload is excepted from, and until when, in seconds since 1970.

    `images` are prefixes or digests, of which each image of the pod has to match one; without
    them, any image does.
    """

    name: str
    namespace: str
    workload: str
    rules: frozenset[str]
    images: tuple[str, ...]
    reason: str
    expires: float

    @property
    def end_day(self) -> str:
        """The day on which it ends, in UTC, as YYYY-MM-DD."""
        return datetime.fromtimestamp(self.expires, UTC).date().isoformat()

    def ended(self, now: float) -> bool:
        """Whether it is not in force any more."""
        return self.expires <= now

    @property
    def beside_another(self) -> str:
        """What to tell who writes another one for the workload."""
        where = f"{self.namespace}/{self.workload}"
        return f"the exception {self.name} is for {where}, too: the rules of both count"

    def matches(self, images: Iterable[str]) -> bool:
        """Whether it is for pods with these images."""
        return not self.images or all(map(self._matches, images))

    def _matches(self, image: str) -> bool:
        _, _, digest = image.partition("@")
        return any(digest == each or _begins_with(image, each) for each in self.images)


def _begins_with(image: str, prefix: str) -> bool:
    """Whether an image begins with a prefix that ends where a part of its name does.

    What stands behind the colon of a registry is its port: with it, it is another registry.
    """
    is_registry = "/" not in prefix and "/" in image
    ends = image[len(prefix) : len(prefix) + 1] in ("", *("/" if is_registry else _BETWEEN_PARTS))
    return image.startswith(prefix) and (ends or prefix.endswith(_BETWEEN_PARTS))
