"""Why an object is not written now, and what ends that.

Whatever lasts is somebody's to end, and is said in an Event; what passes by itself is not.
"""

from typing import Any

from webhook.controller.owned.foreign_edits import MOST_LISTED
from webhook.controller.owned.owned_objects import ObjectKey
from webhook.kube import ApiError

Json = dict[str, Any]
# These pass by themselves.
OF_THE_COLLECTOR = ("foregroundDeletion", "orphan")


class NotOurs(Exception):  # noqa: N818 - it is what was found, not a failure
    """An object of this name has another owner; `found` is the object."""

    def __init__(self, kind: str, name: str, found: Json) -> None:
        sentence = "belongs to somebody else and stays as it is: rename or delete it"
        super().__init__(f"{kind} {name} {sentence}")
        self.found = found


class Waits(Exception):  # noqa: N818
    """The object is edited again and again: it is put back in some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class GoingAway(ApiError):  # noqa: N818
    """An object of this name is being deleted, and made again after it.

    `held` are the finalizers that keep it: somebody has to take them away.
    """

    def __init__(self, place: ObjectKey, found: Json) -> None:
        finalizers = found["metadata"].get("finalizers") or []
        self.held = [each for each in finalizers if each not in OF_THE_COLLECTOR]
        sentence = "is being deleted"
        if self.held:
            listed = f"{', '.join(self.held[:MOST_LISTED])}"
            sentence += f", and kept by its finalizers {listed}: take them away"
        super().__init__(0, "GoingAway", f"{place.kind} {place.name} {sentence}")


class Changed(ApiError):  # noqa: N818
    """Another manager wrote the object since it was read: it is looked at again."""

    def __init__(self, place: ObjectKey) -> None:
        super().__init__(0, "Changed", f"{place.kind} {place.name} has changed since it was read")
