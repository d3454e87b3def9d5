"""server-container: a warning where the server is a guess, and nothing else."""

import pytest

from tests.rules.case import Json, base, filled, pod_of, refused
from webhook.rules.checks.server_container import RULE

ANNOTATION = "mcp-admission.dev/container"
PLAIN = f"containers: the first is taken as the server: set {ANNOTATION}"
ASKED = f"containers: no Secret is given to a guess: set {ANNOTATION}"
TWO = [{"name": "a"}, {"name": "b"}]


def pod(containers: list[Json], **annotations: str) -> Json:
    found = base(containers=containers)
    found["metadata"]["annotations"] = {
        f"mcp-admission.dev/{key.replace('_', '-')}": value for key, value in annotations.items()
    }
    return found


TABLE = [
    pytest.param(pod(TWO), [PLAIN], id="a-guess"),
    pytest.param(pod(TWO[:1], env_from="one"), [], id="one-container"),
    pytest.param(pod([]), [], id="no-container"),
    pytest.param(pod(TWO, container="b", env_from="one"), [], id="named"),
    pytest.param(pod(TWO, container="c"), [], id="named-wrongly-is-for-annotations"),
    pytest.param(pod(TWO, env_from="one"), [ASKED], id="env-from"),
    pytest.param(pod(TWO, files_from="one"), [ASKED], id="files-from"),
    pytest.param(pod(TWO, config_from="one"), [ASKED], id="config-from"),
    pytest.param(pod(TWO, file_keys="a", config_from="one"), [ASKED], id="one-warning"),
    pytest.param(pod(TWO, env_from=""), [PLAIN], id="asks-for-nothing"),
]


@pytest.mark.parametrize(("document", "messages"), TABLE)
def test_says_that_the_server_is_a_guess(document: Json, messages: list[str]) -> None:
    assert filled(RULE, document) == []
    assert refused(RULE, document) == messages


def test_the_warning_is_about_the_container_that_is_taken() -> None:
    containers = [{"name": "daprd"}, *TWO]

    (violation,) = RULE.check(pod_of(pod(containers)), None)  # type: ignore[arg-type]

    assert violation.advice
    assert violation.pointer == "/spec/containers/1"
