"""An exception that somebody granted to one workload, as reviews know it.

The resource `MCPServerException` is read elsewhere. A review compares nothing with a clock: what
has ended is taken out of the settings before.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

LONGEST_IMAGE = 300
# A prefix ends before one of these, or with it.
_ENDS = re.compile("[/:@]")


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


def granted_for(
    exceptions: Iterable[ServerException], images: Iterable[str]
) -> list[ServerException]:
    """Those of the exceptions that are for pods with these images.

    Where no image is known, those are that have none. An image is looked up by all that it begins
    with: many images and many prefixes cost their sum.
    """
    found = list(exceptions)
    unbound, by_prefix = 0, dict[str, int]()
    for at, each in enumerate(found):
        if not each.images:
            unbound |= 1 << at
        for prefix in each.images:
            by_prefix[prefix] = by_prefix.get(prefix, 0) | 1 << at
    if by_prefix:
        counting = -1
        known = dict.fromkeys(images)
        for image in known:
            its = unbound
            for beginning in _beginnings(image):
                its |= by_prefix.get(beginning, 0)
            counting &= its
        if not known:
            counting = unbound
        found = [each for at, each in enumerate(found) if counting >> at & 1]
    return found


def _beginnings(image: str) -> Iterator[str]:
    """Each prefix that an image has, and its digest: all that end where a part of its name does.

    What stands before the first slash is a registry, with its port, or else an owner on Docker Hub.
    Without the slash, a registry counts alone: `nginx` is an image, and `nginx/nginx` is another
    one, of anybody who calls himself so.
    """
    yield image
    _, _, digest = image.partition("@")
    yield digest
    host = image.find("/")
    for part in _ENDS.finditer(image, 0, LONGEST_IMAGE + 1):
        end = part.start()
        if end > host or (end == host and _is_registry(image[:end])):
            yield image[:end]
        if end >= host:
            yield image[: end + 1]


def _is_registry(name: str) -> bool:
    return name == "localhost" or "." in name or ":" in name
