"""Two serving processes amid a change of settings: neither refuses what the other one fills in."""

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import trustme

from tests.in_memory.patches import patched
from tests.server.certificates import HOST, Volume
from tests.server.process import Server, command
from tests.server.reviews import POD, posted
from tools.cluster.atomic_writer import project
from tools.cluster.waiting import wait_for
from webhook.controller.settings.steps import following_stage
from webhook.settings.stage import Stage
from webhook.settings.written_settings import WrittenSettings

# Each fills in what the other one refuses.
OLD = WrittenSettings(
    "mcpServerDefaults: {perServer: forbid, resources: {requests: {memory: 300Mi}}}\n"
)
NEW = WrittenSettings("mcpServerDefaults: {perServer: forbid, runtimeClassName: kata}\n")
JSON_PATCH = "application/json-patch+json"


class Replica:
    """A serving process with a volume of settings of its own."""

    def __init__(self, folder: Path, pair: Volume, authority: trustme.CA, stage: Stage) -> None:
        self._folder = folder
        self._bring(stage)
        options = ["--settings", str(folder / "settings.yaml")]
        options += ["--accepted-settings", str(folder / "accepted.yaml")]
        self.server = Server(authority, command(pair, *options))
        self.has = stage

    def follow(self, stage: Stage) -> None:
        """Get the files of this step; returns when they are in force."""
        self._bring(stage)
        line = f'settings_info{{digest="{stage.digest}"}}'
        wait_for("digest of the step", lambda: self.server.sample(line) == 1.0, 30)
        self.has = stage

    def _bring(self, stage: Stage) -> None:
        project(self._folder, {name: text.encode() for name, text in stage.files.items()})


def created(filling_in: Replica, checking: Replica) -> dict[str, Any]:
    """What the second replica answers about a pod that the first one has filled in."""
    pod = {**POD, "metadata": {**POD["metadata"], "labels": {"mcp-admission.dev/server": "true"}}}
    answer = filling_in.server.review("/mutate", posted(object=pod))
    assert answer["allowed"], answer
    patch = json.loads(base64.b64decode(answer["patch"]))
    filled = patched(pod, patch, JSON_PATCH)
    return checking.server.review("/validate", posted(object=filled))


def test_neither_replica_refuses_what_the_other_one_fills_in(
    tmp_path: Path, volume: Volume, authority: trustme.CA
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    stage = Stage(OLD)
    replicas = [Replica(tmp_path / name, volume, authority, stage) for name in "ab"]
    with replicas[0].server, replicas[1].server:
        steps = 0
        while (stage := following_stage(stage, NEW, reached=True, over=True)) != replicas[0].has:
            steps += 1
            for replica in replicas:
                replica.follow(stage)
                for one, other in itertools.product(replicas, repeat=2):
                    assert created(one, other)["allowed"], (one.has, other.has)
        assert steps == 3
        assert replicas[0].server.logged("review")[-1].get("settings") is None

        replicas[0].follow(Stage(OLD))
        refused = created(replicas[0], replicas[1])
        assert not refused["allowed"], "these settings do not contradict each other"
