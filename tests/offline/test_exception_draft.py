"""The draft of an exception asks for what refuses the workload, and for nothing more."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from webhook.admission.workload import Scope
from webhook.documents.reader import read_documents
from webhook.offline.exception_draft import (
    REASON_MISSING,
    ExceptionDraft,
    draft_exception,
)
from webhook.offline.manifests import Manifest
from webhook.offline.reviewer import review_manifest
from webhook.offline.settings_documents import ReviewSettings
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.exception_document import REASON_REQUIRED, read_exception, seconds_since_1970
from webhook.settings.model import Settings

Json = dict[str, Any]
NOW = seconds_since_1970("2030-01-01T00:00:00Z")
END = datetime(2030, 1, 31, tzinfo=UTC)
LABELS = {"mcp-admission.dev/server": "true"}
TEMPLATES = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1", "Pod": "v1"}


def manifest(kind: str = "Deployment", *, images: tuple[str, ...] = ("a/b:1",), **pod: Any) -> Json:
    containers = [{"name": f"c{at}", "image": each} for at, each in enumerate(images)]
    spec = {"hostNetwork": True, "containers": containers} | pod
    metadata = {"name": "bridge", "namespace": "team-a", "labels": LABELS}
    found: Json = {"apiVersion": TEMPLATES[kind], "kind": kind, "metadata": metadata}
    if kind == "Pod":
        return found | {"spec": spec}
    labels = {"app": "bridge", **LABELS}
    template = {"metadata": {"labels": labels}, "spec": spec}
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": "bridge"}}}
    if kind == "Job":
        spec["restartPolicy"] = "Never"
    return found | {"spec": {**selector, "template": template}}


def drafted(found: Json, settings: Settings | None = None) -> ExceptionDraft:
    settings = settings or Settings()
    by = ReviewSettings(SettingsByNamespace(settings), {})
    document = read_documents(yaml.safe_dump(found), "x.yaml")[0]
    read = Manifest(document, document.value, found["apiVersion"], found["kind"])
    outcome = review_manifest(read, by, Scope.OPTED_IN, "default")
    return draft_exception(outcome, settings, Scope.OPTED_IN)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_what_refuses_a_workload_is_allowed_by_its_draft_once_it_has_a_reason(kind: str) -> None:
    draft = drafted(manifest(kind))
    document = yaml.safe_load("\n".join(draft.text(draft.document(END, ""))))

    refused = read_exception(document, now=NOW, longest_days=90)
    assert [each.sentence for each in refused.faults] == [REASON_REQUIRED]

    document["spec"]["reason"] = "its vendor mends it"
    granted = read_exception(document, now=NOW, longest_days=90).in_force
    assert granted is not None
    assert granted.rules == {"host-namespaces"}

    by = SettingsByNamespace(Settings(), {"team-a": Overlay(exceptions=(granted,))})
    assert drafted(manifest(kind), by.of("team-a")).excepted == ()


@pytest.mark.parametrize(
    ("images", "prefixes"),
    [
        (["a/b:1"], ["a/b"]),
        (["b", "a/b:1", "a/b:2"], ["a/b", "b"]),
        (["r.example:5000/a/b"], ["r.example:5000/a/b"]),
        (["r.example:5000/a/b:v1"], ["r.example:5000/a/b"]),
        ([f"a/b:1@sha256:{'0' * 64}"], [f"sha256:{'0' * 64}"]),
        ([f"image{at}" for at in range(17)], []),
        (["a" * 301], []),
    ],
)
def test_images_are_prefixes_or_digests(images: list[str], prefixes: list[str]) -> None:
    draft = drafted(manifest(images=tuple(images)))

    assert list(draft.images) == prefixes
    assert draft.document(END, "x")["spec"].get("images", []) == prefixes


def test_an_image_that_is_filled_in_counts() -> None:
    settings = Settings.model_validate({"mcpServerDefaults": {"image": "example.test/base:1"}})

    assert drafted(manifest(containers=[{"name": "main"}]), settings).images == (
        "example.test/base",
    )


def test_images_of_init_containers_count() -> None:
    draft = drafted(manifest(initContainers=[{"name": "first", "image": "a/init:1"}]))

    assert draft.images == ("a/b", "a/init")


def test_a_pod_has_the_name_of_what_it_belongs_to() -> None:
    pod = manifest("Pod")
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "controller": True}
    pod["metadata"]["ownerReferences"] = [owner | {"uid": "u"}]

    assert drafted(pod).document(END, "")["spec"]["workload"]["name"] == "db"


def test_without_a_name_or_a_shape_no_workload_is_known() -> None:
    pod = manifest("Pod")
    pod["metadata"]["generateName"] = f"{pod['metadata'].pop('name')}-"
    named = drafted(pod)
    assert named.excepted
    assert named.workload.name == ""

    assert drafted(manifest(containers="none")).workload.name == ""
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert drafted(other).workload.name == ""


def test_what_has_no_exception_is_apart() -> None:
    found = manifest()
    annotations = {"mcp-admission.dev/config-from": "../x"}
    found["metadata"]["annotations"] = annotations

    draft = drafted(found)

    assert draft.rules == ["host-namespaces"]
    assert {each.rule for each in draft.others} == {"annotations"}


def test_the_comments_say_what_it_is_for_and_what_is_missing() -> None:
    draft = drafted(manifest())

    text = list(draft.text(draft.document(END, "")))
    assert text[0] == "# Deployment team-a/bridge is refused:"
    assert text[1].startswith("#   hostNetwork")
    assert f'  reason: ""  # {REASON_MISSING}' in text
    assert REASON_MISSING not in "\n".join(draft.text(draft.document(END, "why")))


def test_many_findings_are_counted() -> None:
    ports = [{"containerPort": at, "hostPort": at} for at in range(1, 40)]
    draft = drafted(manifest(containers=[{"name": "c", "image": "a", "ports": ports}]))

    comments = [each for each in draft.text(draft.document(END, "")) if each.startswith("#   ")]
    assert comments[-1].startswith("#   and ")


def test_no_message_ends_its_comment() -> None:
    hostile = "x\nspec: {rules: [privileged]}"
    draft = drafted(manifest(containers=[{"name": hostile, "image": "a", "stdin": True}]))
    finding = draft.excepted[0]._replace(message=hostile)

    text = "\n".join(draft._replace(excepted=(finding,)).text(draft.document(END, "why")))
    assert yaml.safe_load(text) == draft.document(END, "why")


def test_two_drafts_have_two_names() -> None:
    draft = drafted(manifest())
    names = {
        each.document(END, "")["metadata"]["name"]
        for each in (draft, draft._replace(images=()), draft._replace(namespace="b"))
    }

    assert len(names) == 3
    assert all(name.startswith(("team-a.bridge-", "b.bridge-")) for name in names)
    long = draft._replace(workload=draft.workload._replace(name=f"{'a' * 237}.{'b' * 15}"))
    name = long.document(END, "")["metadata"]["name"]
    assert len(name) <= 253
    assert ".-" not in name
