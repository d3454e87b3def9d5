"""Two serving processes amid a change of settings: neither refuses what the other one fills in."""

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.in_memory.patches import patched
from tests.server.certificates import HOST, Volume
from tests.server.process import Server, command
from tests.server.reviews import POD, posted
from tools.cluster.atomic_writer import project
from tools.cluster.waiting import wait_for
from webhook.controller.settings.steps import following_stage
from webhook.settings.by_namespace import Overlay
from webhook.settings.server_exception import ServerException
from webhook.settings.stage import Stage
from webhook.settings.written_settings import NAMESPACES_FILE, WrittenSettings

# Each fills in what the other one refuses.
MEMORY = {"mcpServerDefaults": {"resources": {"requests": {"memory": "300Mi"}}}}
KATA = {"mcpServerDefaults": {"runtimeClassName": "kata"}}
FORBID = "mcpServerDefaults: {perServer: forbid}\n"
DELEGATED = (
    "delegated: [mcpServerDefaults.resources, mcpServerDefaults.runtimeClassName]\n" + FORBID
)
OF_CLUSTER = (
    WrittenSettings(
        "mcpServerDefaults: {perServer: forbid, resources: {requests: {memory: 300Mi}}}\n"
    ),
    WrittenSettings("mcpServerDefaults: {perServer: forbid, runtimeClassName: kata}\n"),
)
OF_NAMESPACE = (
    WrittenSettings(DELEGATED, {"tools": Overlay(MEMORY)}),
    WrittenSettings(DELEGATED, {"tools": Overlay(KATA), "others": Overlay(MEMORY)}),
)
# In seconds since 1970: no test runs so long.
EXCEPTION = ServerException(
    "old-bridge", "tools", "github-tools", frozenset({"host-namespaces"}), (), "migrating", 4e9
)
WITHOUT_EXCEPTION = WrittenSettings("{}\n", {"others": Overlay(MEMORY)})
WITH_EXCEPTION = WrittenSettings("{}\n", {"tools": Overlay(exceptions=(EXCEPTION,))})
JSON_PATCH = "application/json-patch+json"


class Replica:
    """A serving process with a volume of settings of its own."""

    def __init__(self, folder: Path, pair: Volume, authority: trustme.CA, stage: Stage) -> None:
        self._folder = folder
        self._bring(stage)
        options = ["--settings", str(folder / "settings.yaml")]
        options += ["--accepted-settings", str(folder / "accepted.yaml")]
        options += ["--namespace-settings", str(folder / NAMESPACES_FILE)]
        self.server = Server(authority, command(pair, *options))
        self.has = stage

    def follow(self, stage: Stage) -> None:
        """Get the files of this step; returns when they are in force."""
        self._bring(stage)
        line = f'settings_info{{digest="{stage.digest}"}}'
        wait_for("digest of the step", lambda: self.server.sample(line) == 1.0, 30)
        self.has = stage

    def _bring(self, stage: Stage) -> None:
        files = {name: text.encode() for name, text in stage.files.items()}
        binary = {name: base64.b64decode(text) for name, text in stage.binary_files.items()}
        project(self._folder, files | binary)


def created(filling_in: Replica, checking: Replica, **spec: Any) -> dict[str, Any]:
    """What the second replica answers about a pod that the first one has filled in, or it alone."""
    metadata = {**POD["metadata"], "labels": {"mcp-admission.dev/server": "true"}}
    pod = {**POD, "metadata": metadata, "spec": {**POD["spec"], **spec}}
    answer = filling_in.server.review("/mutate", posted(object=pod))
    if not answer["allowed"]:
        return answer
    patch = json.loads(base64.b64decode(answer["patch"]))
    filled = patched(pod, patch, JSON_PATCH)
    return checking.server.review("/validate", posted(object=filled))


@pytest.mark.parametrize(("old", "new"), [OF_CLUSTER, OF_NAMESPACE], ids=["cluster", "namespace"])
def test_neither_replica_refuses_what_the_other_one_fills_in(
    tmp_path: Path,
    volume: Volume,
    authority: trustme.CA,
    old: WrittenSettings,
    new: WrittenSettings,
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    stage = Stage(old)
    replicas = [Replica(tmp_path / name, volume, authority, stage) for name in "ab"]
    with replicas[0].server, replicas[1].server:
        steps = 0
        while (stage := following_stage(stage, new, reached=True, over=True)) != replicas[0].has:
            steps += 1
            for replica in replicas:
                replica.follow(stage)
                for one, other in itertools.product(replicas, repeat=2):
                    assert created(one, other)["allowed"], (one.has, other.has)
        assert steps == 3
        assert replicas[0].server.logged("review")[-1].get("settings") is None

        replicas[0].follow(Stage(old))
        refused = created(replicas[0], replicas[1])
        assert not refused["allowed"], "these settings do not contradict each other"


def test_replicas_agree_about_an_exception_but_for_when_it_begins_and_ends(
    tmp_path: Path, volume: Volume, authority: trustme.CA
) -> None:
    """It is granted and taken back, in three steps each, which one replica after the other does."""
    volume.write_pair(authority.issue_cert(HOST))
    stage = Stage(WITHOUT_EXCEPTION)
    replicas = [Replica(tmp_path / name, volume, authority, stage) for name in "ab"]
    admitted = []
    with replicas[0].server, replicas[1].server:
        for wanted in (WITH_EXCEPTION, WITHOUT_EXCEPTION):
            while (after := following_stage(stage, wanted, reached=True, over=True)) != stage:
                stage = after
                for replica in replicas:
                    replica.follow(stage)
                    pairs = itertools.product(replicas, repeat=2)
                    answers = [created(*pair, hostNetwork=True)["allowed"] for pair in pairs]
                    admitted.append({*answers})
    begins, ends = [{False, True}, {True}], [{False, True}, {False}]
    assert admitted == [*begins, {True}, {True}, {True}, {True}, *4 * [{True}], *ends]
