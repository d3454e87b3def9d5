"""What a server is configured with, out of the user's Secret, and the two Secrets made of it.

From     the Secret of the server's own namespace that mcp-admission.dev/config-from names
Files    the keys that mcp-admission.dev/file-keys lists; each is an environment variable too, that
         says where the file is: `KEY=/files/KEY`
Env      every other key, with its value; text of any language, empty values included
Made     `<id>-mcp-config` with the environment, where the workload asks for config-from;
         `<id>-mcp-files` with the files, mounted at `/files`, where a key is a file
Refused  a Secret or a file key that does not exist; the token of a ServiceAccount, which
         config-from would hand out without being asked for a token; keys that are no name of a file
         (a Secret has none, a manifest may); an environment variable that Linux cannot pass on:
         a NUL byte, bytes that are no UTF-8, 128 KiB and more; more than a Secret holds; every
         config-from where secrets.copy is false

Where something is refused, nothing is made, and existing Secrets are kept. All reasons are given at
once. They name keys, never a value. A key that starts with a digit or holds dots and hyphens is a
legal environment variable since Kubernetes 1.34.

The pod template carries the revision, so that a changed value rolls the pods. Many people who read
Deployments and pods may not read Secrets, so it is an HMAC-SHA256 over all values at once. Its key
is the uid of the user's Secret: 122 random bits that only readers of that Secret see. Equal values
of two Secrets give different revisions. A Secret that is deleted and made again has another uid,
and rolls the pods once. docs/decisions has the alternatives.

Pods cannot start without the made Secret, so those of a new server have read its first values. The
revision of these is an annotation of that Secret, written when it is created and never after. The
template gets none until the values change. A made Secret that is created again while pods run has
no such annotation, and the pods roll: they may have read other values.
"""

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from webhook import names
from webhook.objects.deployed_server import Refused, Server, about_annotation
from webhook.rules.checks import annotations, config_files
from webhook.settings import Settings

Json = dict[str, Any]
LARGEST_SECRET = 1024 * 1024
"""Bytes of all values together, as the API server counts them."""
LONGEST_VARIABLE = 128 * 1024 - 1
"""Bytes of `KEY=value` that Linux passes to a process, without the NUL that ends it."""
TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - it is the type of a Secret
REASON = "ConfigRefused"
MISSING = "ConfigMissing"
_KEY = re.compile(r"(?!\.\.)(?!\.$)[-._a-zA-Z0-9]{1,253}")
_MOST_KEYS = 5
_HEX_DIGITS = 16


class ServerConfiguration(NamedTuple):
    """The content of both Secrets that are made, and the uid of the one that it comes from."""

    env: dict[str, bytes]
    files: dict[str, bytes]
    source_uid: str


def source_name(server: Server) -> str | None:
    """The Secret that config-from names; the caller reads it in the server's namespace."""
    return server.annotation(names.CONFIG_FROM)


def check_copies(server: Server, settings: Settings) -> None:
    """Raise Refused where the workload asks for a copy of a Secret, and none are made."""
    if settings.secrets.copied or source_name(server) is None:
        return
    sentence = (
        f"is not available, {annotations.COPIES_OFF}: name existing Secrets with {names.ENV_FROM} "
        f"or {names.FILES_FROM} instead"
    )
    raise Refused(REASON, about_annotation(names.CONFIG_FROM, sentence))


def read_configuration(server: Server, source: Json | None) -> ServerConfiguration | None:
    """Environment and files; None where the workload asks for none.

    `source` is the user's Secret, None where it does not exist. Raises Refused with every
    reason why the content cannot reach the server as it is.
    """
    name = source_name(server)
    if name is None:
        return None
    _permitted(server, name, source)
    if source is None:
        sentence = f"names {name}, which is no Secret of namespace {server.namespace}: create it"
        raise Refused(MISSING, about_annotation(names.CONFIG_FROM, sentence))
    data = _data(source)
    marked = _marked(server)
    reasons = [*_missing(name, marked, data), *_illegal(name, data)]
    if not reasons:
        env = {
            key: f"{config_files.PATH}/{key}".encode() if key in marked else data[key]
            for key in sorted(data)
        }
        files = {key: data[key] for key in sorted(marked)}
        reasons = [*_unfit(name, env), *_too_much(name, env)]
        if not reasons:
            return ServerConfiguration(env, files, source["metadata"].get("uid") or "")
    raise Refused(REASON, *reasons)


def file_keys(server: Server) -> list[str]:
    """The keys that the workload marks as files, each once."""
    entries = (server.annotation(names.FILE_KEYS) or "").split(",")
    return list(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def build_config_secret(server: Server, configuration: ServerConfiguration | None) -> Json | None:
    """The Secret of the environment; None where the workload asks for no configuration."""
    if configuration is None:
        return None
    return _opaque(server.metadata(names.config_secret_of(server.name)), configuration.env)


def build_files_secret(server: Server, configuration: ServerConfiguration | None) -> Json | None:
    """The Secret of the files; None where no key is marked as a file."""
    if configuration is None or not configuration.files:
        return None
    return _opaque(server.metadata(names.files_secret_of(server.name)), configuration.files)


def revision(configuration: ServerConfiguration | None) -> str | None:
    """The value of the template's annotation; None where there is no configuration.

    Raises ValueError without a uid: there would be no key.
    """
    if configuration is None:
        return None
    if not configuration.source_uid:
        raise ValueError("a revision needs the uid of the user's Secret as the API server gave it")
    parts = [
        {key: b64encode(value).decode() for key, value in sorted(values.items())}
        for values in (configuration.env, configuration.files)
    ]
    content = json.dumps(parts, separators=(",", ":")).encode()
    return hmac.new(configuration.source_uid.encode(), content, "sha256").hexdigest()[:_HEX_DIGITS]


def _opaque(metadata: Json, values: dict[str, bytes]) -> Json:
    """A Secret of the type Opaque."""
    data = {key: b64encode(value).decode() for key, value in values.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "Opaque",
        "data": data,
    }


def _permitted(server: Server, name: str, source: Json | None) -> None:
    if name in (names.config_secret_of(server.name), names.files_secret_of(server.name)):
        sentence = "names the Secret that is made from it: name yours"
        raise Refused(REASON, about_annotation(names.CONFIG_FROM, sentence))
    if source is not None and source.get("type") == TOKEN_TYPE:
        sentence = (
            f"names {name}, which holds the token of a ServiceAccount: name a Secret without one, "
            f"and ask for the token by {names.SERVICE_ACCOUNT_TOKEN}"
        )
        raise Refused(REASON, about_annotation(names.CONFIG_FROM, sentence))


def _marked(server: Server) -> set[str]:
    return set(file_keys(server))


def _data(source: Json) -> dict[str, bytes]:
    """The values; `stringData`, which manifests may have, wins as it does in the API server."""
    data: dict[str, bytes] = {}
    for key, value in (source.get("data") or {}).items():
        try:
            data[key] = b64decode(value or "", validate=True)
        except (TypeError, ValueError):
            name = source["metadata"].get("name")
            sentence = f"Secret {name} has a value in data.{key} that is no base64: encode it"
            raise Refused(REASON, sentence) from None
    texts = source.get("stringData") or {}
    return data | {key: str(text).encode(errors="replace") for key, text in texts.items()}


def _missing(name: str, marked: Iterable[str], data: dict[str, bytes]) -> Iterator[str]:
    missing = [key for key in sorted(marked) if key not in data]
    if missing:
        sentence = f"names {_listed(missing)}, which Secret {name} does not have: add them there"
        yield about_annotation(names.FILE_KEYS, sentence)


def _illegal(name: str, data: dict[str, bytes]) -> Iterator[str]:
    illegal = [key for key in sorted(data) if not _KEY.fullmatch(key)]
    if illegal:
        yield (
            f"Secret {name} has keys that name no file and no environment variable, "
            f"{_listed(map(ascii, illegal))}: use letters, digits, dots, hyphens and underscores"
        )


def _unfit(name: str, env: dict[str, bytes]) -> Iterator[str]:
    binary = [key for key, value in env.items() if not _is_text(value)]
    if binary:
        yield (
            f"Secret {name} has binary values, which no environment variable can hold, in "
            f"{_listed(binary)}: list the keys in {names.FILE_KEYS}"
        )
    long = [key for key, value in env.items() if len(key) + 1 + len(value) > LONGEST_VARIABLE]
    if long:
        yield (
            f"Secret {name} has values of more than 128 KiB, which Linux passes to no process, in "
            f"{_listed(long)}: list the keys in {names.FILE_KEYS}"
        )


def _too_much(name: str, env: dict[str, bytes]) -> Iterator[str]:
    """The files fit, as part of the user's Secret; where each of them is comes on top of it."""
    total = sum(map(len, env.values()))
    if total > LARGEST_SECRET:
        yield (
            f"Secret {name} leaves no room for where its files are: the environment would have "
            f"{total} bytes of the {LARGEST_SECRET} that a Secret holds, take a value out"
        )


def _is_text(value: bytes) -> bool:
    if b"\0" in value:
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _listed(keys: Iterable[str]) -> str:
    """The first few; a Secret may have a hundred thousand."""
    found = list(keys)
    shown = ", ".join(key if len(key) <= 60 else f"{key[:57]}..." for key in found[:_MOST_KEYS])
    more = len(found) - _MOST_KEYS
    return f"{shown} and {more} more" if more > 0 else shown
