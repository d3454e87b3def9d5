"""The settings in force, as their ConfigMap has them, and settings that servers are judged by."""

import base64
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from webhook.controller.installation import SETTINGS_CONFIG_MAP
from webhook.kube import Api, Forbidden, NotFound, namespaced
from webhook.settings import (
    FILE,
    NAMESPACES_FILE,
    Overlay,
    Settings,
    SettingsByNamespace,
    SettingsError,
    parse_overlays,
    parse_settings,
    uncompressed,
)

FORBIDDEN = "may not be read"
UNKNOWN = (
    f"the settings in force are not known to you: {{}} {FORBIDDEN}; ask for the Role "
    "mcp-admission-settings-view beside it"
)


class JudgingSettings(NamedTuple):
    """Settings, what they are called in a report, and those in force where others are judged by.

    Exceptions that have ended are not among them. `unknown` says why these are a guess, because the
    user may not read those in force; it is empty where they are none.
    """

    settings: SettingsByNamespace
    source: str
    in_force: SettingsByNamespace | None = None
    unknown: str = ""

    @property
    def known(self) -> "JudgingSettings":
        """Themselves; raises SettingsError where they are a guess."""
        if self.unknown:
            raise SettingsError(self.unknown)
        return self


def settings_config_map(release: str) -> str:
    """What reports call the ConfigMap of the settings in force."""
    return f"ConfigMap {release}/{SETTINGS_CONFIG_MAP}"


async def judging_settings_in_force(api: Api, release: str) -> JudgingSettings:
    """The settings in force; the defaults, and why, where they may not be read or are not there.

    Raises SettingsError where they are not what control writes, and ApiError.
    """
    source = settings_config_map(release)
    found, why = await settings_in_force(api, release)
    if found is None:
        guess = SettingsByNamespace(Settings())
        return JudgingSettings(guess, f"the defaults: {source} {why}", None, _guess(source, why))
    return JudgingSettings(found.without_ended(time.time()), source)


async def settings_in_force(api: Api, release: str) -> tuple[SettingsByNamespace | None, str]:
    """What every replica uses; None and why, where its ConfigMap cannot be read.

    Raises SettingsError and ApiError.
    """
    source = settings_config_map(release)
    try:
        found = await api.get(namespaced("v1", "configmaps", release, SETTINGS_CONFIG_MAP))
    except (Forbidden, NotFound) as error:
        return None, FORBIDDEN if isinstance(error, Forbidden) else "is not there"
    cluster = parse_settings((found.get("data") or {}).get(FILE, ""), f"{source}, {FILE}")
    return SettingsByNamespace(cluster, overlays_in_force(found, source)), ""


def overlays_in_force(found: Mapping[str, Any], source: str) -> Mapping[str, Overlay]:
    """What this ConfigMap has for each namespace; `source` names it. Raises SettingsError."""
    file = f"{source}, {NAMESPACES_FILE}"
    text = (found.get("binaryData") or {}).get(NAMESPACES_FILE, "")
    try:
        packed = base64.b64decode(text, validate=True)
    except ValueError:
        raise SettingsError(f"{file}: is not what control writes (no base64)") from None
    return parse_overlays(uncompressed(packed, file), file).current


def _guess(source: str, why: str) -> str:
    return unknown_settings(source, why) or f"the settings in force are not known: {source} {why}"


def unknown_settings(source: str, why: str) -> str:
    """Why settings are a guess; where there are none in the cluster, the defaults are no guess."""
    return UNKNOWN.format(source) if why == FORBIDDEN else ""
