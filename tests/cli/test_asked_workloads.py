"""What a command is asked about: a kind as kubectl has it, in a cluster or in files."""

import argparse
import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.offline.manifest_texts import DEPLOYMENT, REFUSED
from webhook.admission.workload import Scope
from webhook.cli import asked_workloads
from webhook.cli.asked_workloads import (
    ReviewableManifests,
    WorkloadNotFoundError,
    manifest_of_cluster,
    manifests_of_files,
    workload_reference,
)
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
POD = "/api/v1/namespaces/team-a/pods/bridge"
NAMESPACE = "/api/v1/namespaces/team-a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deployment/a", "deployment/a"),
        ("deployments/a", "deployment/a"),
        ("deploy/a", "deployment/a"),
        ("Deployment/a", "deployment/a"),
        ("deployment.apps/a", "deployment/a"),
        ("deployments.apps/a", "deployment/a"),
        ("sts/a", "statefulset/a"),
        ("ds/a", "daemonset/a"),
        ("rs/a", "replicaset/a"),
        ("rc/a", "replicationcontroller/a"),
        ("cj/a", "cronjob/a"),
        ("job/a", "job/a"),
        ("job.batch/a", "job/a"),
        ("po/a", "pod/a"),
        ("pod/a", "pod/a"),
        ("podtemplate/a", "podtemplate/a"),
    ],
)
def test_kinds_are_written_as_for_kubectl(text: str, said: str) -> None:
    assert str(workload_reference(text)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bridge", "is no KIND/NAME"),
        ("deployment/", "is no KIND/NAME"),
        ("deployment/a/b", "is no KIND/NAME"),
        ("deploymnt/a", "did you mean deployment?"),
        ("rollout/a", "as in pod/NAME"),
    ],
)
def test_what_is_no_reference_is_answered_with_one(text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=said.replace("?", r"\?")):
        workload_reference(text)


def of_files(*files: Path, asked: str = "", namespace: str | None = None) -> ReviewableManifests:
    given: Json = {"settings": None, "managed": False, "namespace": namespace}
    workload = workload_reference(asked) if asked else None
    return manifests_of_files(
        argparse.Namespace(filename=[*map(str, files)], workload=workload, **given)
    )


@pytest.mark.parametrize(
    ("asked", "namespace", "count"),
    [("", None, 2), ("pod/bridge", None, 1), ("pod/bridge", "team-a", 1), ("po/other", None, 0)],
)
def test_files_hold_what_is_asked_about(
    asked: str, namespace: str | None, count: int, tmp_path: Path
) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(f"{DEPLOYMENT}---\n{REFUSED}", encoding="utf-8")

    if count:
        assert len(of_files(file, asked=asked, namespace=namespace).manifests) == count
    else:
        with pytest.raises(WorkloadNotFoundError, match="no pod/other is there"):
            of_files(file, asked=asked, namespace=namespace)


def test_the_namespace_tells_two_of_one_name_apart(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    text = REFUSED.replace("name: bridge", "name: bridge\n  namespace: NS")
    file.write_text("---\n".join(text.replace("NS", each) for each in ("a", "b")), encoding="utf-8")

    found = of_files(file, asked="pod/bridge", namespace="b").manifests
    assert [each.namespace for each in found] == ["b"]
    with pytest.raises(WorkloadNotFoundError, match="of namespace c"):
        of_files(file, asked="pod/bridge", namespace="c")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("kind: Pod\n  a: b", encoding="utf-8")

    with pytest.raises(WorkloadNotFoundError, match=r"x\.yaml"):
        of_files(tmp_path / "x.yaml")


def of_cluster(
    monkeypatch: pytest.MonkeyPatch, objects: dict[str, Json | ApiError], **settings: Any
) -> ReviewableManifests:
    class Cluster:
        async def get(self, path: str) -> Json:
            found = objects.get(path, NotFound(404, "NotFound", "x"))
            if isinstance(found, ApiError):
                raise found
            return found

    async def connect(_: argparse.Namespace) -> AbstractAsyncContextManager[Cluster]:
        return nullcontext(Cluster())

    async def judged(*_: object) -> JudgingSettings:
        by = SettingsByNamespace(Settings.model_validate(settings))
        return JudgingSettings(by, "the defaults")

    monkeypatch.setattr(asked_workloads, "connect_to_cluster", connect)
    monkeypatch.setattr(asked_workloads, "judging_settings", judged)
    given: Json = {"namespace": "team-a", "quiet": False, "service": "mcp-admission.system"}
    args = argparse.Namespace(workload=workload_reference("po/bridge"), **given)
    return asyncio.run(manifest_of_cluster(args))


def pod() -> Json:
    metadata = {"name": "bridge", "namespace": "team-a", "managedFields": [{}]}
    spec = {"nodeName": "n", "containers": [{"name": "a", "image": "b"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("readable", [True, False])
def test_a_live_object_is_seen_as_it_would_be_created(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, readable: bool
) -> None:
    labels = {"mcp-admission.dev/managed": "true"}
    namespace = {"metadata": {"name": "team-a", "labels": labels}}
    forbidden = Forbidden(403, "Forbidden", "no")

    found = of_cluster(monkeypatch, {POD: pod(), NAMESPACE: namespace if readable else forbidden})

    assert found.manifests[0].value["spec"].keys() == {"containers"}
    assert "managedFields" not in found.manifests[0].value["metadata"]
    assert found.scope is (Scope.MANAGED if readable else Scope.OPTED_IN)
    assert ("only labels count" in capsys.readouterr().err) is not readable


def test_what_was_refused_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkloadNotFoundError, match="draft -f FILE pod/bridge -n team-a"):
        of_cluster(monkeypatch, {})


def test_where_nothing_is_reviewed_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    objects: dict[str, Json | ApiError] = {POD: pod(), NAMESPACE: {"metadata": {"name": "team-a"}}}

    found = of_cluster(monkeypatch, objects, excludedNamespaces=["team-a"])

    assert found.manifests == ()
