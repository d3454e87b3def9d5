"""Values of an object by their place in the words of people: `containers[main].resources`."""

import re
from enum import Enum
from typing import Any

from tests.in_memory.defaults import template_of


class Absence(Enum):
    """What stands at a place where nothing does."""

    ABSENT = "absent"


ABSENT = Absence.ABSENT
_STEP = re.compile(r"([\w-]+)|\[([^\]]+)\]")


def found(document: Any, place: str) -> Any:
    """The value at a place, or ABSENT.

    Places under `spec.` and `metadata.` are the object's own, others stand in the spec of its pod
    or pod template. Items of lists go by name, or by number where they have none.
    """
    own = place.startswith(("spec.", "metadata."))
    here = document if own else template_of(document)["spec"]
    for key, item in _STEP.findall(place):
        if isinstance(here, list):
            by_name = (one for one in here if one.get("name") == item)
            here = here[int(item)] if item.isdigit() else next(by_name, ABSENT)
        else:
            here = here.get(key or item, ABSENT)
        if here is ABSENT:
            return ABSENT
    return here
