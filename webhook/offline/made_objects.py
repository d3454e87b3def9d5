"""What the controller would make for the servers of a review, and why it would not.

The functions that make the objects in a cluster make them here. Only the keys of a Secret are
shown. The Secret of `config-from` is looked up among the manifests alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from webhook import names, objects
from webhook.admission import Scope, line
from webhook.documents import lines
from webhook.offline.manifests import Manifest
from webhook.offline.review_outcome import MadeObjects, ReviewOutcome
from webhook.offline.settings_documents import ReviewSettings
from webhook.settings import Settings

Json = dict[str, Any]
FORMATS = ("diff", "table", "yaml", "json")
REDACTED = "<redacted>"
_UID = "<uid of the Deployment>"
_LONGEST_NOTE = 1000


class _Key(NamedTuple):
    """The identity of an object."""

    kind: str
    namespace: str
    name: str


def with_made_objects(
    outcomes: Sequence[ReviewOutcome], settings: ReviewSettings, scope: Scope
) -> list[ReviewOutcome]:
    """The outcomes; each MCP server has what would be made for it and its namespace."""
    secrets = {
        (one.namespace, one.manifest.name): one.manifest.value
        for one in outcomes
        if _is_secret(one.manifest)
    }
    return [
        replace(one, made=_made(one, settings.of(one.namespace), secrets, scope))
        if one.covered
        else one
        for one in outcomes
    ]


def made_documents(outcomes: Sequence[ReviewOutcome]) -> Iterator[str]:
    """The objects as YAML documents, each once, with comments that name their owners."""
    seen: set[_Key] = set()
    for outcome in outcomes:
        made = outcome.made or MadeObjects()
        for note in made.not_made:
            yield f"# for {outcome.title}: {line(note, _LONGEST_NOTE)}\n"
        for each in made.objects:
            metadata = each["metadata"]
            key = _Key(each["kind"], metadata.get("namespace", ""), metadata["name"])
            if key not in seen:
                seen.add(key)
                owner = outcome.title if "ownerReferences" in metadata else _around(outcome)
                yield f"---\n# made for {owner}\n"
                yield from (f"{shown.text}\n" for shown in lines(each))


def _around(outcome: ReviewOutcome) -> str:
    return f"namespace {line(outcome.namespace)}"


def _made(
    outcome: ReviewOutcome,
    settings: Settings,
    secrets: Mapping[tuple[str, str], Json],
    scope: Scope,
) -> MadeObjects:
    if not outcome.allowed or _opted_out(outcome.admitted):
        return MadeObjects()
    around = objects.namespace_objects(outcome.namespace, settings, names.RELEASE_NAMESPACE, scope)
    own = _of_server(outcome, settings, secrets)
    return MadeObjects((*own.objects, *around), own.not_made)


def _of_server(
    outcome: ReviewOutcome, settings: Settings, secrets: Mapping[tuple[str, str], Json]
) -> MadeObjects:
    if outcome.manifest.kind != "Deployment":
        return MadeObjects()
    found = objects.deployed_server.server_of(_as_stored(outcome))
    source, unknown = _source(found, secrets)
    made = objects.server_objects(found, settings, source)
    reasons = [
        unknown if unknown and refusal.reason == objects.configuration.MISSING else refusal.note
        for refusal in made.refusals
    ]
    return MadeObjects(tuple(map(_redacted, made.objects)), tuple(reasons))


def _as_stored(outcome: ReviewOutcome) -> Json:
    """The Deployment with the metadata that the cluster would add."""
    admitted: Json = outcome.admitted
    metadata = {"uid": _UID, **admitted["metadata"], "namespace": outcome.namespace}
    return admitted | {"metadata": metadata}


def _source(
    found: objects.deployed_server.Server, secrets: Mapping[tuple[str, str], Json]
) -> tuple[Json | None, str]:
    """The Secret of `config-from`, and the message for the case that no manifest has it."""
    try:
        name = objects.configuration.source_name(found)
    except objects.Refused:
        return None, ""
    source = None if name is None else secrets.get((found.namespace, name))
    made = f"{names.config_secret_of(found.name)} and its files are made from Secret {name}"
    return source, f"{made}, which is not among these manifests: name its file too, to see its keys"


def _redacted(made: Json) -> Json:
    if made["kind"] != "Secret":
        return made
    return made | {"data": dict.fromkeys(made["data"], REDACTED)}


def _is_secret(manifest: Manifest) -> bool:
    """Whether this is a Secret whose keys can be read."""
    parts = [manifest.value.get("data"), manifest.value.get("stringData")]
    return (manifest.api_version, manifest.kind) == ("v1", "Secret") and all(
        part is None or isinstance(part, dict) for part in parts
    )


def _opted_out(admitted: Json) -> bool:
    labels = admitted["metadata"].get("labels") or {}
    return bool(labels.get(names.SERVER) == "false")
