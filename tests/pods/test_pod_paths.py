"""A memory that names places which are not there changes nothing there."""

import json

import pytest

from tests.admission.case import answer_to, pod
from tests.in_memory.requests import applied
from tests.rules.case import Json, settings_of
from webhook import names
from webhook.admission import injected, revert
from webhook.admission.workload import Scope
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch
from webhook.settings.model import Settings

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "1", "controller": True}


@pytest.mark.parametrize(
    "place",
    [
        "containers[other]", "hostname.inner", "!", "#!", " ", ".", "..", "[main]",
        ".containers[main]", "containers[main].", "containers[main]..resources",
        "containers[main]!", "containers[main",
    ],
)  # fmt: skip
def test_a_place_that_is_not_there_is_passed_over(place: str) -> None:
    spec: Json = {"containers": [{"name": "main"}], "hostname": "text"}
    before = json.dumps(spec)
    patch = Patch()
    memory = injected.Memory(
        set={place: {"image": "x"}},
        items={place: {"envFrom": [{"a": 1}]}},
        was={place: {"stdin": True}},
    )

    revert.restore_original(Fields(spec, patch), memory, patch)

    assert (patch.finish(), json.dumps(spec)) == ([], before)


def test_an_item_that_holds_nothing_more_stays_in_its_list() -> None:
    spec: Json = {"containers": [{"image": "x"}]}
    patch = Patch()
    memory = injected.Memory(set={"containers[0]": {"image": "x"}})

    revert.take_out(Fields(spec, patch), memory, patch)

    assert spec == {"containers": [{}]}


def test_a_pod_follows_the_class_that_the_settings_name_now() -> None:
    memory = json.dumps({"set": {"": {"runtimeClassName": "gvisor"}}})
    old: Json = pod(
        labels={names.SERVER: "true", names.NAME: "tools"},
        annotations={names.INJECTED: memory},
        runtimeClassName="gvisor",
    )
    old["metadata"]["ownerReferences"] = [OWNER]

    for chosen in ("kata", None):
        settings = settings_of(mcpServerDefaults={"runtimeClassName": chosen})
        answer = answer_to(old, None, settings, Scope.OPTED_IN)

        assert applied(old, answer)["spec"].get("runtimeClassName") == chosen
    assert isinstance(settings, Settings)


def test_what_is_no_place_is_not_the_spec_by_another_name() -> None:
    spec: Json = {"tolerations": [{"key": "a"}], "containers": [{"name": "main"}]}
    patch = Patch()
    fields = {"tolerations": [{"key": "a"}]}
    memory = injected.Memory(items={"!": fields, "..": fields}, set={"~": {"tolerations": []}})

    revert.restore_original(Fields(spec, patch), memory, patch)
    revert.put_back(Fields(spec, patch), Fields(spec, patch), memory)

    assert patch.finish() == []
