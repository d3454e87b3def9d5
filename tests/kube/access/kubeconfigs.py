"""Kubeconfigs for tests: one context, changed as a test wants it."""

from pathlib import Path
from typing import Any

import yaml

from webhook.kube.access.client_config import NONE, ClientConfig, Overrides, load_client_config
from webhook.kube.errors import ConfigurationError

SERVER = "https://api.example.invalid:6443"
Json = dict[str, Any]


def config(user: Json | None = None, cluster: Json | None = None, **more: Any) -> Json:
    """A kubeconfig of one cluster `c`, user `u` and context `x`."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": SERVER, **(cluster or {})}}],
        "users": [{"name": "u", "user": {"token": "t"} if user is None else user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
        **more,
    }


def written(folder: Path, found: Json | str, name: str = "kubeconfig") -> Path:
    """It, in a file."""
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(found if isinstance(found, str) else yaml.dump(found), encoding="utf-8")
    return file


async def way(
    folder: Path, found: Json | str, overrides: Overrides = NONE, **environment: str
) -> ClientConfig:
    """The way by this kubeconfig."""
    way = await load_client_config(written(folder, found), overrides, environment)
    assert way is not None
    return way


async def refusal(
    folder: Path, found: Json | str, overrides: Overrides = NONE, **environment: str
) -> str:
    """What is said where there is none."""
    try:
        await load_client_config(written(folder, found), overrides, environment)
    except ConfigurationError as error:
        return str(error)
    raise AssertionError
