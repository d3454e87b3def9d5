"""The Pod Security Standards: levels and versions as namespace labels name them, and settings."""

from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from webhook.settings.text_forms import POD_SECURITY_VERSION
from webhook.settings.values import Section

LevelName = Literal["privileged", "baseline", "restricted"]

OLDEST_MINOR, NEWEST_MINOR = 25, 37
VERSIONS = ("latest", *(f"v1.{minor}" for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1)))


def _no_number(value: Any) -> Any:
    """1.30 without quotes is the number 1.3 in YAML; raises ValueError for numbers."""
    if isinstance(value, int | float):
        raise ValueError(f"{value} is a number: write v1.30, with its v, or latest")  # noqa: TRY004
    return value


VersionName = Annotated[str, Field(pattern=POD_SECURITY_VERSION), BeforeValidator(_no_number)]


class PodSecurity(Section):
    """The Pod Security Standards of managed namespaces."""

    enabled: bool = Field(
        default=True, description="Whether managed namespaces get the six Pod Security labels."
    )
    enforce: LevelName = Field(
        "restricted",
        description=(
            "The enforced Pod Security level; it also decides which rules apply to servers."
        ),
    )
    enforce_version: VersionName = Field(
        "latest", description="The version of the enforced level; the rules follow it too."
    )
    audit: LevelName = Field(
        "restricted", description="The audited Pod Security level; it only sets a label."
    )
    audit_version: VersionName = Field(
        "latest", description="The version of the audited level; it only sets a label."
    )
    warn: LevelName = Field(
        "restricted", description="The Pod Security level for warnings; it only sets a label."
    )
    warn_version: VersionName = Field(
        "latest", description="The version of the level for warnings; it only sets a label."
    )


class Level(IntEnum):
    """How much a namespace asks of its pods; a higher level includes the lower ones."""

    PRIVILEGED = 0
    BASELINE = 1
    RESTRICTED = 2


def level(name: LevelName) -> Level:
    """The level that a namespace label names."""
    return Level[name.upper()]


def minor(version: str) -> int:
    """The Kubernetes minor that a version label names; `latest` is the newest one known here."""
    return NEWEST_MINOR if version == "latest" else int(version.removeprefix("v1."))
