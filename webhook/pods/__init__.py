"""A pod that rules read and edit in place, with the JSON patch of the edits."""

from webhook.pods.fields import Fields, Malformed, Violation, join
from webhook.pods.journal import ABSENT, same
from webhook.pods.patch import Operation, Patch
from webhook.pods.pod import (
    CONTAINER_LISTS,
    LONGEST_VALUE,
    Container,
    Origin,
    Platform,
    Pod,
    PodHead,
    from_limit_range,
)
from webhook.pods.pod_paths import PodPaths, place_of

__all__ = [
    "ABSENT",
    "CONTAINER_LISTS",
    "LONGEST_VALUE",
    "Container",
    "Fields",
    "Malformed",
    "Operation",
    "Origin",
    "Patch",
    "Platform",
    "Pod",
    "PodHead",
    "PodPaths",
    "Violation",
    "from_limit_range",
    "join",
    "place_of",
    "same",
]
