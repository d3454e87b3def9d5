"""What `manifests/install` holds, which is what the chart renders."""

import base64
import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "manifests" / "install"
REGISTRATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
RIGHTS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")

Json = dict[str, Any]


def shipped(*kinds: str) -> list[Json]:
    """The objects of these kinds, in the order in which they are applied; change them freely."""
    return [each for each in everything() if each["kind"] in kinds]


def local_registrations(authority: Path, port: int) -> list[Json]:
    """The registrations, with the CA certificate and the port of a process on this machine."""
    bundle = base64.b64encode(authority.read_bytes()).decode()
    found = shipped(*REGISTRATIONS)
    for registration in found:
        for entry in registration["webhooks"]:
            entry["clientConfig"]["caBundle"] = bundle
            entry["clientConfig"]["service"]["port"] = port
    return found


def everything() -> list[Json]:
    """All objects, in that order; change them freely."""
    return copy.deepcopy(_all())


@cache
def _all() -> list[Json]:
    texts = [file.read_text(encoding="utf-8") for file in sorted(FOLDER.iterdir())]
    return [each for text in texts for each in yaml.safe_load_all(text)]
