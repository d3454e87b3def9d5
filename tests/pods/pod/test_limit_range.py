"""What the API server says that a LimitRange filled in, read from its annotation."""

from typing import Any

import pytest

from tests.rules.case import base, pod_of
from webhook.pods.pod import from_limit_range

SAID = "LimitRanger plugin set: "
TWO = (
    f"{SAID}cpu, memory request for container main; memory limit for container main; "
    "memory request for init container main; cpu limit for container other"
)


@pytest.mark.parametrize(
    ("text", "part", "names"),
    [
        (TWO, "requests", {"cpu", "memory"}),
        (TWO, "limits", {"memory"}),
        (f"{SAID}nvidia.com/gpu limit for container main", "limits", {"nvidia.com/gpu"}),
        (f"{SAID}memory limit for container mainly", "limits", set()),
        (TWO.removeprefix(SAID), "requests", set()),
        (SAID, "requests", set()),
        ("", "requests", set()),
        (None, "requests", set()),
        pytest.param(f"{TWO}; {'x' * 16_384}", "requests", set(), id="longer than is read"),
        ({"a": 1}, "limits", set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_the_names_of_a_container(text: Any, part: str, names: set[str]) -> None:
    document = base()
    document["metadata"]["annotations"] = {"kubernetes.io/limit-ranger": text}
    pod = pod_of(document)

    assert from_limit_range(pod, pod.containers[0].fields, part) == names


@pytest.mark.parametrize("key", ["initContainers", "ephemeralContainers"])
def test_containers_of_one_name_in_other_lists_are_others(key: str) -> None:
    document = base(**{"containers": [], key: [{"name": "main"}]})
    document["metadata"]["annotations"] = {"kubernetes.io/limit-ranger": TWO}
    pod = pod_of(document)

    expected = {"memory"} if key == "initContainers" else set()
    assert from_limit_range(pod, pod.containers[0].fields, "requests") == expected
