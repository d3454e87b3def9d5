"""A pod that rules read and edit in place, with the JSON patch of the edits."""

from webhook.pods.fields import LONGEST_NAME, Fields, Malformed, Violation, item_name, join
from webhook.pods.journal import ABSENT, same
from webhook.pods.patch import Operation, Patch
from webhook.pods.pod import (
    CONTAINER_LISTS,
    EPHEMERAL,
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
    "EPHEMERAL",
    "LONGEST_NAME",
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
    "item_name",
    "join",
    "place_of",
    "same",
]
