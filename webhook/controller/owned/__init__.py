"""Objects that the controller owns: how they are found, written, put back and released."""

from webhook.controller.owned.managed_fields import applied_by_us, labels_of_us_alone
from webhook.controller.owned.owned_objects import (
    KINDS,
    NAMESPACE,
    POLICY,
    SECRET,
    Live,
    ObjectKey,
    Owner,
    former_service_key,
    keys_of_server,
    live_object,
)
from webhook.controller.owned.writer import NotOurs, Waits, Writer

__all__ = [
    "KINDS",
    "NAMESPACE",
    "POLICY",
    "SECRET",
    "Live",
    "NotOurs",
    "ObjectKey",
    "Owner",
    "Waits",
    "Writer",
    "applied_by_us",
    "former_service_key",
    "keys_of_server",
    "labels_of_us_alone",
    "live_object",
]
