"""The files of a kubeconfig, put together as kubectl does: for each name the first file counts.

Every key of an entry is listed with its type, and one that is not is refused. kubectl passes over
what it does not know; a misspelled `as` would make us act as the user whose credentials these are.
"""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from webhook.documents import DocumentError, read_bytes, read_stream
from webhook.kube.errors import ConfigurationError

LISTS = {"contexts": "context", "clusters": "cluster", "users": "user"}
MOST_NAMES = 10


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


class EntryInFile(NamedTuple):
    """An entry as it is written, and its file: paths in it are meant from there."""

    value: Any
    file: Path


class Kubeconfig(NamedTuple):
    """All files together: the entries of each list by name."""

    current: str
    lists: Mapping[str, Mapping[str, EntryInFile]]


class ChosenContext(NamedTuple):
    """Server and user of one context, with the files that paths in them are meant from."""

    cluster: ClusterEntry
    user: UserEntry
    cluster_file: Path
    user_file: Path


def load_kubeconfig(files: Iterable[Path]) -> Kubeconfig:
    """Put the files together that exist; raises ConfigurationError for one that cannot be read."""
    current = ""
    lists: dict[str, dict[str, EntryInFile]] = {name: {} for name in LISTS}
    for file in files:
        if not _is_there(file):
            continue
        content = _content(file)
        chosen = content.get("current-context") or ""
        if not isinstance(chosen, str):
            raise ConfigurationError(f"{file}: current-context is no name: write it in quotes")
        current = current or chosen
        for key, inner in LISTS.items():
            for name, value in _named(content.get(key) or [], inner, f"{file}: {key}").items():
                lists[key].setdefault(name, EntryInFile(value, file))
    return Kubeconfig(current, lists)


def choose_context(found: Kubeconfig, context: str) -> ChosenContext:
    """Server and user of the context, else the current one; raises ConfigurationError."""
    name = context or found.current
    if not found.lists["contexts"]:
        raise ConfigurationError("there is no context in it: name a kubeconfig with --kubeconfig")
    if not name:
        raise ConfigurationError(f"it names no current-context: {_choice(found)}")
    placed = found.lists["contexts"].get(name)
    if placed is None:
        raise ConfigurationError(f'there is no context "{name}": {_choice(found, name)}')
    where = f'context "{name}"'
    chosen = read_entry(ContextEntry, placed.value, where)
    cluster = found.lists["clusters"].get(chosen.cluster)
    if cluster is None:
        raise ConfigurationError(f'{where}: there is no cluster "{chosen.cluster}"')
    user: EntryInFile | None = EntryInFile({}, placed.file)
    if chosen.user:
        user = found.lists["users"].get(chosen.user)
    if user is None:
        raise ConfigurationError(f'{where}: there is no user "{chosen.user}"')
    return ChosenContext(
        read_entry(ClusterEntry, cluster.value, f'cluster "{chosen.cluster}"'),
        read_entry(UserEntry, user.value, f'user "{chosen.user}"'),
        cluster.file,
        user.file,
    )


def beside(file: Path, path: str) -> Path:
    """A path of an entry, which is meant from the folder of its file."""
    return Path(os.path.abspath(file)).parent / path  # noqa: PTH100 - links are not followed


def _is_there(file: Path) -> bool:
    """Whether it exists; one that may not be looked at is no missing one."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is none"
        raise ConfigurationError(f"{file} cannot be read ({reason})") from None
    return True


def _content(file: Path) -> Mapping[str, Any]:
    try:
        stream = read_stream(read_bytes(file), str(file))
        for error in stream.errors:
            raise error
    except DocumentError as error:
        # What it says may quote a credential.
        line = f"line {error.line} cannot be read" if error.line else error.sentence
        raise ConfigurationError(f"{file}: {line}") from None
    if not stream.documents:
        return {}
    content = stream.documents[0].value
    if len(stream.documents) > 1 or not isinstance(content, dict):
        raise ConfigurationError(f"{file}: it is no kubeconfig: kubectl config view shows one")
    if content.get("kind", "Config") != "Config":
        raise ConfigurationError(f"{file}: it is no kubeconfig, its kind is another")
    return content


def _named(found: Any, inner: str, where: str) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for each in found if isinstance(found, list) else [None]:
        if not isinstance(each, dict) or not isinstance(name := each.get("name"), str):
            raise ConfigurationError(f"{where} is no list of entries with a name")
        if name in named:
            raise ConfigurationError(f'{where} has "{name}" twice: remove one')
        named[name] = each.get(inner) or {}
    return named


def _choice(found: Kubeconfig, wrong: str = "") -> str:
    names = list(found.lists["contexts"])
    meant = get_close_matches(wrong, names, 1)
    if meant:
        return f'did you mean "{meant[0]}"?'
    more = ", ..." if len(names) > MOST_NAMES else ""
    return f"name one with --context, there are {', '.join(names[:MOST_NAMES])}{more}"
