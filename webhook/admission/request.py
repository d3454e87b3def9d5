"""What a review is asked: the parts of an AdmissionRequest that a decision may depend on."""

from enum import Enum
from typing import Any, NamedTuple


class Hook(Enum):
    """Which of the two hooks asks: the one that fills in, or the one that sees the final object."""

    MUTATE = "mutate"
    VALIDATE = "validate"


class Scope(Enum):
    """Why the object is looked at; the path of the hook is the only way in which one learns it."""

    OPTED_IN = "opted-in"
    MANAGED = "managed"

    @classmethod
    def of(cls, *, managed: bool) -> "Scope":
        """The scope of a namespace in which everything is a server, or of another one."""
        return cls.MANAGED if managed else cls.OPTED_IN


class Request(NamedTuple):
    """One admission request, decoded; `object` and `old_object` are private to the review.

    `resource` is the plural with its group (`pods`, `deployments.apps`), `subresource` empty for
    the main resource. `name` is empty where the object has only a generateName.
    """

    hook: Hook
    resource: str
    operation: str
    object: Any
    old_object: Any = None
    uid: str = ""
    kind: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    dry_run: bool = False
