"""The values of the chart that are no settings: how the product itself runs."""

from collections.abc import Sequence
from typing import Any

from webhook.controller.installation import CERTIFICATE_MODES
from webhook.observe.logs import LEVELS
from webhook.settings.values import DNS_LABEL, DNS_SUBDOMAIN

Schema = dict[str, Any]

DIGEST = r"^sha256:[0-9a-f]{64}$"
IMAGE = r"^[a-z0-9]+([-._:/a-z0-9]*[a-z0-9])?$"
TAG = r"^[A-Za-z0-9_][-.A-Za-z0-9_]{0,127}$"
_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
CIDR = (
    rf"^(({_BYTE}\.){{3}}{_BYTE}/(3[0-2]|[12]?[0-9])"
    r"|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$"
)
# Without a user and a query: secrets have a place of their own.
COLLECTOR = r"^https?://[^\s/@?#]+(/[^\s?#]*)?$"
INTERVAL = r"^[1-9][0-9]*(ms|s|m|h)$"

BOOLEAN: Schema = {"type": "boolean"}
FREE: Schema = {"type": ["object", "null"]}
LEVEL: Schema = {"enum": [*LEVELS, None]}
LIST: Schema = {"type": ["array", "null"], "items": {"type": "object"}}
NAME: Schema = {"type": ["string", "null"], "pattern": DNS_SUBDOMAIN, "maxLength": 253}
WORDS: Schema = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
HOST: Schema = {"type": "string", "pattern": DNS_SUBDOMAIN, "maxLength": 253}
HEADER: Schema = {"type": ["string", "null"], "pattern": r"^[A-Za-z][-A-Za-z0-9]*$"}
DAYS: Schema = {"type": "integer", "minimum": 1, "maximum": 36500}


def own_values() -> Schema:
    """The properties."""
    return {
        # Helm gives every chart this one.
        "global": {"type": ["object", "null"]},
        "scope": _scope(),
        "image": mapping(
            {
                "repository": {"type": ["string", "null"], "pattern": IMAGE},
                "tag": {"type": ["string", "null"], "pattern": TAG},
                "digest": {"type": ["string", "null"], "pattern": DIGEST},
                "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
            }
        ),
        "imagePullSecrets": LIST,
        "logLevel": LEVEL,
        # An empty one is none; null is the default.
        "priorityClassName": {"anyOf": [NAME, {"const": ""}]},
        "certificates": mapping(
            {
                "mode": {"enum": list(CERTIFICATE_MODES)},
                "days": DAYS,
                "authorityDays": DAYS,
                "issuerRef": _issuer(),
                **_process(),
            }
        ),
        "serve": mapping(
            {
                **_process(),
                "logLevel": LEVEL,
                "clients": mapping(
                    {
                        "secretName": NAME,
                        "names": {"type": ["array", "null"], "items": {"type": "string"}},
                    }
                ),
            }
        ),
        "control": mapping(_process()),
        "console": mapping(_console()),
        "networkPolicy": mapping(
            {
                "enabled": BOOLEAN,
                "apiServerPorts": {"type": "array", "items": PORT, "minItems": 1},
                "apiServerCIDRs": {
                    "type": ["array", "null"],
                    "items": {"type": "string", "pattern": CIDR},
                    "description": "Blocks of addresses, such as 192.0.2.0/28 or 2001:db8::/64.",
                },
            }
        ),
        "managedLabelPolicy": mapping({"enabled": BOOLEAN}),
        "authorsPolicy": mapping({"enabled": BOOLEAN}),
        "ownedObjectsPolicy": mapping({"enabled": BOOLEAN}),
        "policyReports": mapping({"enabled": BOOLEAN}),
        "settingsView": mapping(
            {"groups": {"type": ["array", "null"], "items": {"type": "string", "minLength": 1}}}
        ),
        "serviceMonitor": mapping(
            {
                "enabled": BOOLEAN,
                "interval": {"type": "string", "pattern": INTERVAL},
                "labels": WORDS,
            }
        ),
        "traces": mapping(
            {
                "endpoint": {"type": ["string", "null"], "pattern": COLLECTOR},
                "variables": {
                    "type": ["object", "null"],
                    "patternProperties": {"^OTEL_[A-Z0-9_]+$": {"type": ["string", "null"]}},
                    "additionalProperties": {"const": "absent: the keys here are OTEL_*"},
                },
                "secretName": NAME,
            }
        ),
        "metrics": mapping(
            {
                "dashboards": mapping(
                    {
                        "enabled": BOOLEAN,
                        "namespace": {
                            "type": ["string", "null"],
                            "pattern": DNS_LABEL,
                            "maxLength": 63,
                        },
                        "labels": WORDS,
                        "annotations": WORDS,
                    }
                ),
                "rules": mapping(
                    {"enabled": BOOLEAN, "labels": WORDS, "runbooks": {"type": "string"}}
                ),
            }
        ),
    }


def _scope() -> Schema:
    """A word, or a mapping: of two that it may be, Helm would say what each misses."""
    namespace = {"type": "string", "pattern": DNS_LABEL, "maxLength": 63}
    return {
        "description": "All but cluster need no ClusterRole, and certificates of others.",
        "if": {"type": "object"},
        "then": mapping(
            {"namespaces": {"type": ["array", "null"], "items": namespace, "uniqueItems": True}}
        ),
        "else": {"enum": ["cluster", "namespace", None]},
    }


def _console() -> Schema:
    """It is no process of many replicas: sessions are in its memory."""
    return {
        "enabled": BOOLEAN,
        "hosts": {"type": ["array", "null"], "items": HOST},
        "tokenHeader": HEADER,
        "tls": mapping({"secretName": NAME, "issued": {"type": ["boolean", "null"]}}),
        "ingress": mapping(
            {"enabled": BOOLEAN, "className": NAME, "annotations": WORDS, "tlsSecretName": NAME}
        ),
        **_pods(),
    }


def _process() -> Schema:
    return {"replicas": {"type": "integer", "minimum": 1, "maximum": 100}, **_pods()}


def _pods() -> Schema:
    return {
        "resources": FREE,
        "nodeSelector": WORDS,
        "affinity": FREE,
        "tolerations": LIST,
    }


def _issuer() -> Schema:
    names = ("group", "kind", "name")
    return mapping({name: {"type": "string"} for name in names}, names)


def mapping(properties: Schema, required: Sequence[str] = ()) -> Schema:
    """A mapping of these keys, or null, which sets nothing.

    Of `additionalProperties: false` Helm says which key is unknown; of a constant that nobody
    writes it says which keys there are, too.
    """
    known = ", ".join(sorted(properties))
    return {
        "type": ["object", "null"],
        "additionalProperties": {"const": f"absent: the keys here are {known}"},
        "properties": properties,
        **({"required": [*required]} if required else {}),
    }
