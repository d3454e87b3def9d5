"""What the administrator decides: the model, its layers, quantities."""

from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.environment import not_read
from webhook.settings.faults import SettingsError
from webhook.settings.layers import FILE, HEADER, Layer, content_digest
from webhook.settings.load import (
    COUNTED,
    GROUP,
    KIND,
    NAME,
    PLURAL,
    VERSION,
    faults_of_resource,
    load_settings,
    parse_settings,
    read_layers,
)
from webhook.settings.model import MODES, Settings
from webhook.settings.model_keys import chart_only_keys, dotted
from webhook.settings.network_settings import Gateway, NetworkPolicy, PolicyPort
from webhook.settings.quantity import Quantity, QuantityError, parse_quantity
from webhook.settings.rule_settings import (
    NOT_OVERRIDABLE,
    Level,
    PodSecurity,
    RuleAction,
    RuleId,
    level,
    minor,
)
from webhook.settings.server_defaults import (
    LocalObjectReference,
    MCPServerDefaults,
    Resources,
    Toleration,
)
from webhook.settings.server_exception import ServerException
from webhook.settings.stage import (
    ACCEPTED_FILE,
    Accepted,
    Stage,
    parse_accepted,
    parse_stage,
    stage_digest,
)
from webhook.settings.values import (
    ACCEPTED,
    DNS_LABEL,
    Labels,
    NoBlockError,
    Section,
    cidr,
    is_dns_subdomain,
    listed,
    nearest,
)

__all__ = [
    "ACCEPTED",
    "ACCEPTED_FILE",
    "COUNTED",
    "DNS_LABEL",
    "FILE",
    "GROUP",
    "HEADER",
    "KIND",
    "MODES",
    "NAME",
    "NOT_OVERRIDABLE",
    "PLURAL",
    "VERSION",
    "Accepted",
    "Gateway",
    "Labels",
    "Layer",
    "Level",
    "LocalObjectReference",
    "MCPServerDefaults",
    "NetworkPolicy",
    "NoBlockError",
    "Overlay",
    "PodSecurity",
    "PolicyPort",
    "Quantity",
    "QuantityError",
    "Resources",
    "RuleAction",
    "RuleId",
    "Section",
    "ServerException",
    "Settings",
    "SettingsByNamespace",
    "SettingsError",
    "Stage",
    "Toleration",
    "chart_only_keys",
    "cidr",
    "content_digest",
    "dotted",
    "faults_of_resource",
    "is_dns_subdomain",
    "level",
    "listed",
    "load_settings",
    "minor",
    "nearest",
    "not_read",
    "parse_accepted",
    "parse_quantity",
    "parse_settings",
    "parse_stage",
    "read_layers",
    "stage_digest",
]
