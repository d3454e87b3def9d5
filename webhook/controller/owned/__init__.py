"""Objects that the controller owns: how they are found, written, put back and released."""

from webhook.controller.owned.foreign_objects import (
    FOLLOWED,
    ForeignObjects,
    ServerNames,
    has_objects,
    version_of,
)
from webhook.controller.owned.managed_fields import (
    applied_by_us,
    is_made_policy,
    pod_security_labels_of_us,
)
from webhook.controller.owned.not_written import GoingAway, NotOurs, Waits
from webhook.controller.owned.owned_objects import (
    KINDS,
    NAMESPACE,
    POLICY,
    SECRET,
    Kind,
    Live,
    ObjectKey,
    Owner,
    former_service_key,
    keys_of_server,
    live_object,
)
from webhook.controller.owned.pod_security_labels import (
    SecurityLabels,
    giving_back,
    packed_labels,
    security_labels,
)
from webhook.controller.owned.writer import Writer

__all__ = [
    "FOLLOWED",
    "KINDS",
    "NAMESPACE",
    "POLICY",
    "SECRET",
    "ForeignObjects",
    "GoingAway",
    "Kind",
    "Live",
    "NotOurs",
    "ObjectKey",
    "Owner",
    "SecurityLabels",
    "ServerNames",
    "Waits",
    "Writer",
    "applied_by_us",
    "former_service_key",
    "giving_back",
    "has_objects",
    "is_made_policy",
    "keys_of_server",
    "live_object",
    "packed_labels",
    "pod_security_labels_of_us",
    "security_labels",
    "version_of",
]
