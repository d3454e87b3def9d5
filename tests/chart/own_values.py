"""The values of the chart that are no settings: how the product itself runs."""

from __future__ import annotations

from typing import Any

from webhook.controller.certificates.modes import MODES
from webhook.settings.patterns import DNS_SUBDOMAIN

Schema = dict[str, Any]

DIGEST = r"^sha256:[0-9a-f]{64}$"
IMAGE = r"^[a-z0-9]+([-._:/a-z0-9]*[a-z0-9])?$"
TAG = r"^[A-Za-z0-9_][-.A-Za-z0-9_]{0,127}$"
INTERVAL = r"^[1-9][0-9]*(ms|s|m|h)$"

BOOLEAN: Schema = {"type": "boolean"}
FREE: Schema = {"type": ["object", "null"]}
LIST: Schema = {"type": ["array", "null"], "items": {"type": "object"}}
NAME: Schema = {"type": ["string", "null"], "pattern": DNS_SUBDOMAIN, "maxLength": 253}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
DAYS: Schema = {"type": "integer", "minimum": 1, "maximum": 36500}


def own_values() -> Schema:
    """The properties."""
    return {
        # Helm gives every chart this one.
        "global": {"type": ["object", "null"]},
        "scope": {
            "enum": ["cluster", "namespace"],
            "description": "namespace needs no ClusterRole: one namespace, certificates of others.",
        },
        "image": _mapping(
            {
                "repository": {"type": ["string", "null"], "pattern": IMAGE},
                "tag": {"type": ["string", "null"], "pattern": TAG},
                "digest": {"type": ["string", "null"], "pattern": DIGEST},
                "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
            }
        ),
        "imagePullSecrets": LIST,
        "priorityClassName": NAME,
        "certificates": _mapping(
            {
                "mode": {"enum": list(MODES)},
                "days": DAYS,
                "authorityDays": DAYS,
                "issuerRef": _issuer(),
            }
        ),
        "serve": _mapping(
            {
                **_process(),
                "clients": _mapping(
                    {
                        "secretName": NAME,
                        "names": {"type": ["array", "null"], "items": {"type": "string"}},
                    }
                ),
            }
        ),
        "control": _mapping(_process()),
        "networkPolicy": _mapping(
            {"enabled": BOOLEAN, "apiServerPorts": {"type": "array", "items": PORT, "minItems": 1}}
        ),
        "managedLabelPolicy": _mapping({"enabled": BOOLEAN}),
        "serviceMonitor": _mapping(
            {
                "enabled": BOOLEAN,
                "interval": {"type": "string", "pattern": INTERVAL},
                "labels": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            }
        ),
    }


def _process() -> Schema:
    return {
        "replicas": {"type": "integer", "minimum": 1, "maximum": 100},
        "resources": FREE,
        "nodeSelector": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
        "affinity": FREE,
        "tolerations": LIST,
    }


def _issuer() -> Schema:
    names = {name: {"type": "string"} for name in ("group", "kind", "name")}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": names,
        "required": list(names),
    }


def _mapping(properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties}
