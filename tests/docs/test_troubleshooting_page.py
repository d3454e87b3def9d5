"""docs/troubleshooting.md quotes what the product says, and its manifests do what it promises."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.admission.case import (
    DEFAULTS,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    deployment,
    mutated,
    pod,
)
from tests.in_memory.defaults import copied
from tests.in_memory.requests import request
from webhook.admission import Request, review
from webhook.settings.environment import not_read

PAGE = Path("docs/troubleshooting.md").read_text()
OURS = "mcp-admission.dev/"
QUOTED = re.findall(r"^(?:### )?`([^`]{30,})`$", PAGE, re.MULTILINE)


def unnamed() -> Json:
    document = deployment()
    document["metadata"] = {"generateName": "tools-", "labels": {SERVER: "true"}}
    return document


def selecting() -> tuple[Json, Json]:
    live = deployment(template={"labels": {SERVER: "true"}})
    live["spec"]["selector"] = {"matchLabels": {SERVER: "true"}}
    leaving = copied(live)
    leaving["metadata"]["labels"] = {SERVER: "false"}
    return leaving, live


def debugged() -> tuple[Json, Json]:
    old = mutated(pod())
    new = copied(old)
    context = {"capabilities": {"add": ["SYS_PTRACE"]}}
    debugger = {"name": "debugger", "image": "busybox", "securityContext": context}
    new["spec"]["ephemeralContainers"] = [debugger]
    return new, old


def asking(kind: str, key: str, value: str) -> Json:
    return {**deployment(annotations={OURS + key: value}), "kind": kind}


def labelling() -> tuple[Json, Json]:
    live = deployment(labels={})
    new = copied(live)
    new["metadata"]["labels"] = {SERVER: "true"}
    return new, live


def classless() -> Request:
    """A Deployment whose runtime class is not there."""
    document = mutated(deployment(runtimeClassName="gvisor"))
    asked = request(document, hook=VALIDATE)
    return asked._replace(runtime_classes=frozenset())


def said() -> list[str]:
    template = {"labels": {"app": "tools", SERVER: "true"}}
    answers = [
        answer_to(unnamed()),
        answer_to(*selecting()),
        answer_to(asking("Deployment", "egress", "10.2.0.0/16")),
        answer_to(*debugged(), subresource="ephemeralcontainers"),
        answer_to(deployment(serviceAccountName="agent")),
        answer_to({**deployment(annotations={OURS + "env-from": "x"}, template=template),
                   "kind": "StatefulSet"}, hook=VALIDATE),
        answer_to(asking("Deployment", "env_from", "x")),
        answer_to(pod(labels={OURS + "sever": "true"})),
        answer_to(pod(labels={}, annotations={SERVER: "true"})),
        answer_to(*labelling()),
        review(classless(), DEFAULTS, OPTED_IN),
    ]  # fmt: skip
    findings = [f"{each.message} ({each.rule})" for one in answers for each in one.findings]
    return [*findings, *not_read({"OBOT_SERVER_MCPRUNTIME_BACKEND": "x"})]


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_message_is_one_of_the_products(quoted: str) -> None:
    assert any(quoted in each for each in said())


def test_the_troubleshooting_page_quotes_twelve_messages() -> None:
    assert len(QUOTED) == 12


def test_the_manifest_keeps_group_zero_and_nothing_else_is_lost() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    context: Any = yaml.safe_load(block)["spec"]["template"]["spec"]["securityContext"]

    spec = mutated(deployment(securityContext=context))["spec"]["template"]["spec"]

    assert (spec["securityContext"]["runAsGroup"], spec["securityContext"]["fsGroup"]) == (0, 0)
    assert spec["securityContext"]["runAsUser"] == 1000
    assert spec["containers"][0]["securityContext"]["runAsGroup"] == 0


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)", PAGE))
def test_links_of_the_troubleshooting_page_lead_to_files(target: str) -> None:
    assert Path("docs", target).exists()


@pytest.mark.parametrize("page", ["objects.md#network", "settings.md#environment-variables"])
def test_anchors_of_the_troubleshooting_page_exist(page: str) -> None:
    name, anchor = page.split("#")
    headings = re.findall(r"^#+ (.*)$", Path("docs", name).read_text(), re.MULTILINE)

    assert page in PAGE
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
