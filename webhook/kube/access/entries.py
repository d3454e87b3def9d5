"""The parts of a kubeconfig that say which server and which user: every key, with its type.

A key that is not listed here is refused. kubectl passes over what it does not know; a misspelled
`as` would make us act as the user whose credentials these are.
"""

from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from webhook.kube.errors import ConfigurationError


def _key(name: str) -> str:
    return name.replace("_", "-")


class ConfigEntry(BaseModel):
    """Some keys; null is an absent one, as in Kubernetes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=_key)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: each for key, each in value.items() if each is not None}
        return value


class ClusterEntry(ConfigEntry):
    """`cluster`: which server, and how it proves that it is the one."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = Field("", repr=False)
    proxy_url: str = Field("", repr=False)
    disable_compression: bool = False
    extensions: list[Any] = []


class Variable(ConfigEntry):
    """A variable of a plugin's environment."""

    name: str
    value: str = Field("", repr=False)


class Exec(ConfigEntry):
    """`exec`: a program that prints credentials."""

    command: str
    api_version: str = Field(alias="apiVersion")
    args: list[str] = []
    env: list[Variable] = []
    install_hint: str = Field("", alias="installHint")
    provide_cluster_info: bool = Field(default=False, alias="provideClusterInfo")
    interactive_mode: str = Field("", alias="interactiveMode")


class UserEntry(ConfigEntry):
    """`user`: credentials, and who is to be impersonated with them."""

    client_certificate: str = ""
    client_certificate_data: str = Field("", repr=False)
    client_key: str = ""
    client_key_data: str = Field("", repr=False)
    token: str = Field("", repr=False)
    token_file: str = Field("", alias="tokenFile")
    username: str = ""
    password: str = Field("", repr=False)
    as_user: str = Field("", alias="as")
    as_uid: str = ""
    as_groups: list[str] = []
    as_user_extra: dict[str, list[str]] = {}
    exec: Exec | None = None
    auth_provider: Any = Field(None, repr=False)
    extensions: list[Any] = []


class ContextEntry(ConfigEntry):
    """`context`: a cluster and a user by their names."""

    cluster: str
    user: str = ""
    namespace: str = ""
    extensions: list[Any] = []


Kind = TypeVar("Kind", bound=ConfigEntry)


def read_entry(kind: type[Kind], value: Any, where: str) -> Kind:
    """Read an entry; raises ConfigurationError, which quotes keys and no value."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"])) or where
    if first["type"] == "extra_forbidden":
        said = _unknown(kind, str(first["loc"][-1]))
    elif first["type"] == "missing":
        said = "is missing"
    else:
        said = first["msg"].removeprefix("Input ")
    raise ConfigurationError(f"{where}: {place} {said}")


def _unknown(kind: type[ConfigEntry], key: str) -> str:
    known = [field.alias or name for name, field in kind.model_fields.items()]
    meant = get_close_matches(key.lower(), known, 1)
    way_out = f"did you mean {meant[0]}?" if meant else "remove it"
    return f"is no key that is known here: {way_out}"
