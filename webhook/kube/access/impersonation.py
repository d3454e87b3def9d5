"""Impersonation: the headers that make the API server act as somebody else, as kubectl sends them.

https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

import string

from multidict import CIMultiDict

from webhook.kube.access.credentials import NOT_IN_HEADERS
from webhook.kube.access.entries import UserEntry
from webhook.kube.access.overrides import Overrides
from webhook.kube.errors import ConfigurationError

# RFC 9110, 5.6.2; a percent sign begins an escape.
LEGAL = frozenset((string.ascii_letters + string.digits + "!#$&'*+-.^_`|~").encode())


def impersonation_headers(user: UserEntry, overrides: Overrides) -> CIMultiDict[str]:
    """The headers of every request; none where nobody is impersonated.

    Raises ConfigurationError for groups, a uid or extra without a user, which API servers refuse.
    """
    name = overrides.user or user.as_user
    uid = overrides.uid or user.as_uid
    groups = overrides.groups or tuple(user.as_groups)
    found: CIMultiDict[str] = CIMultiDict()
    if not name:
        if uid or groups or user.as_user_extra:
            raise ConfigurationError(
                "a group, uid or extra is to be impersonated without a user: say who with --as"
            )
        return found
    found.add("Impersonate-User", name)
    if uid:
        found.add("Impersonate-Uid", uid)
    for group in groups:
        found.add("Impersonate-Group", group)
    for key, values in user.as_user_extra.items():
        for value in values:
            found.add(f"Impersonate-Extra-{_escaped(key)}", value)
    if any(NOT_IN_HEADERS.search(value) for value in found.values()):
        raise ConfigurationError("who is to be impersonated has control characters in it")
    return found


def _escaped(key: str) -> str:
    return "".join(chr(byte) if byte in LEGAL else f"%{byte:02X}" for byte in key.encode())
