"""The manifests beside this module: servers without the label, and ordinary workloads."""

from pathlib import Path
from typing import Any

import yaml

from webhook.admission import KINDS
from webhook.fleet.report import WorkloadKey
from webhook.fleet.unlabelled.lookalikes import Lookalike, lookalike, pod_template

Json = dict[str, Any]
RESOURCES = {kind: resource for resource, (kind, _) in KINDS.items()}


def written(name: str) -> list[Json]:
    """The objects of a file, as the API server would have them."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8")
    objects = list(yaml.safe_load_all(text))
    for number, each in enumerate(objects):
        each["metadata"] = {"namespace": "team", "uid": str(number), **each["metadata"]}
    return objects


def titled(found: Json) -> str:
    metadata = found["metadata"]
    return f"{found['kind']} {metadata['namespace']}/{metadata['name']}"


SERVERS = {titled(each): each for each in written("servers")}
ORDINARY = {titled(each): each for each in written("ordinary")}


def similar(found: Json) -> Lookalike | None:
    """What the object looks like by itself."""
    metadata = found["metadata"]
    key = WorkloadKey(metadata["namespace"], found["kind"], metadata["name"])
    return lookalike(key, found, pod_template(found, KINDS[RESOURCES[found["kind"]]][1]))
