"""What upstream's Pod Security webhook asks for is answered, and nothing else."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tools.bench.namespaces import api_of_namespaces

PATH = "/api/v1/namespaces"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    kubeconfig = tmp_path / "kubeconfig"
    with api_of_namespaces(["tools"], kubeconfig):
        read = yaml.safe_load(kubeconfig.read_text())
        yield urlsplit(read["clusters"][0]["cluster"]["server"]).netloc


def _get(address: str, path: str) -> tuple[int, dict[str, object]]:
    with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_namespaces_are_listed_with_the_level_that_they_enforce(address: str) -> None:
    status, listed = _get(address, f"{PATH}?limit=500&resourceVersion=0")

    assert status == 200
    assert listed["items"] == [
        {
            "metadata": {
                "name": "tools",
                "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
                "resourceVersion": "1",
            }
        }
    ]


def test_a_watch_begins_and_says_nothing(address: str) -> None:
    with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        connection.request("GET", f"{PATH}?watch=true")

        assert connection.getresponse().status == 200


@pytest.mark.parametrize("path", ["/api/v1/pods", f"{PATH}?watch=true&sendInitialEvents=true"])
def test_everything_else_is_refused(address: str, path: str) -> None:
    status, refused = _get(address, path)

    assert (status, refused["reason"]) == (422, "Invalid")
