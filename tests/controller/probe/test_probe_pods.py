"""The two pods under real reviews, and what each answer of an API server shows."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from webhook import names
from webhook.admission import Scope
from webhook.controller.probe.probe_pods import (
    LONGEST_QUOTE,
    Shows,
    ask,
    is_refused,
    pod_to_fill,
    pod_to_refuse,
    read_pod,
    read_refusal,
)
from webhook.kube.errors import ApiError, NotFound, Unreachable, refusal
from webhook.settings.model import Settings

Json = dict[str, Any]
CALL = "POST /api/v1/namespaces/default/pods"
HOOK = 'admission webhook "opted-in.mcp-admission.dev" denied the request: MCP server "x" refused:'
FAILED = 'Internal error occurred: failed calling webhook "opted-in.mcp-admission.dev": '
SETTINGS = (
    Settings(),
    Settings.model_validate({"onConflict": "warn"}),
    Settings.model_validate({"onConflict": "override"}),
    Settings.model_validate({"rules": {"annotations": "off"}}),
    Settings.model_validate({"fillIn": "pods"}),
    Settings.model_validate({"platform": "openshift"}),
    Settings.model_validate({"mcpNamespace": {"podSecurity": {"enabled": False}}}),
)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("settings", SETTINGS, ids=[str(at) for at in range(len(SETTINGS))])
def test_one_pod_is_filled_in_by_any_settings_and_the_other_one_refused_by_those_that_do(
    settings: Settings, scope: Scope
) -> None:
    server = ApiServer(settings, scope)

    filled, refused = server.create(pod_to_fill()), server.create(pod_to_refuse())

    assert read_pod(filled.stored).shown is Shows.FILLED, filled.message
    assert refused.allowed is not is_refused(settings)


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_below_enforce_both_pass_and_warn_alone_shows_a_review(mode: str) -> None:
    server = ApiServer(Settings.model_validate({"mode": mode}))

    for pod in (pod_to_fill(), pod_to_refuse()):
        found = server.create(pod)
        answer = read_pod(found.stored, found.warnings)
        assert (answer.shown, answer.warned) == (Shows.PLAIN, mode == "warn")


def test_what_is_asked_for_stands_by_the_profile_restricted_as_it_is() -> None:
    spec = pod_to_fill()["spec"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod_to_fill()["metadata"]["name"] != pod_to_fill()["metadata"]["name"]


def answered(status: int, reason: str, message: str) -> ApiError:
    return refusal(CALL, status, {"kind": "Status", "reason": reason, "message": message})


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (answered(403, "Forbidden", f"{HOOK}\n  annotation (annotations)"), Shows.REFUSED),
        (answered(500, "InternalError", f"{FAILED}x509: unknown authority"), Shows.FAILED),
        (answered(500, "InternalError", f"{FAILED}context deadline exceeded"), Shows.FAILED),
        (answered(403, "Forbidden", "exceeded quota: pods=1"), Shows.OTHERS),
        (answered(403, "Forbidden", 'violates PodSecurity "restricted:latest"'), Shows.OTHERS),
        (answered(403, "Forbidden", "maximum memory usage per Pod is 8Mi"), Shows.OTHERS),
        (
            answered(400, "BadRequest", 'webhook "other.example.com" does not support dry run'),
            Shows.OTHERS,
        ),
        (
            answered(403, "Forbidden", 'webhook "kyverno.svc" denied the request: no'),
            Shows.OTHERS,
        ),
        (
            answered(500, "InternalError", 'failed calling webhook "other.example.com": dial'),
            Shows.OTHERS,
        ),
        (answered(404, "NotFound", 'namespaces "gone" not found'), Shows.OTHERS),
        (answered(429, "TooManyRequests", "wait"), Shows.SILENT),
        (answered(500, "InternalError", "etcdserver: request timed out"), Shows.SILENT),
        (Unreachable(f"{CALL}: no answer in time"), Shows.SILENT),
    ],
    ids=[
        "ours", "wrong CA", "time-out", "quota", "pod security", "limit range", "no dry run",
        "other webhook", "other webhook away", "no namespace", "busy", "etcd", "no answer",
    ],
)  # fmt: skip
def test_a_refusal_of_somebody_else_is_neither_an_outage_nor_ours(
    error: ApiError, shown: Shows
) -> None:
    assert read_refusal(error).shown is shown


def test_a_quote_is_one_bounded_line_and_leaves_the_request_out() -> None:
    said = read_refusal(answered(500, "InternalError", f"{FAILED}dial tcp:\n{'a' * 1000}")).said

    assert said.startswith('failed calling webhook "opted-in.mcp-admission.dev": dial tcp: a')
    assert len(said) == LONGEST_QUOTE


class Cluster:
    """Answers a creation with what a webhook would have done, or what refused it."""

    def __init__(self) -> None:
        self.created: list[tuple[str, bool]] = []

    async def create(self, path: str, body: Json, *, dry_run: bool, **_: Any) -> Json:
        self.created.append((path, dry_run))
        assert body["metadata"]["name"].startswith(names.PROBE_POD)
        if body["metadata"]["annotations"]:
            raise answered(403, "Forbidden", HOOK)
        return {"metadata": {"annotations": {"mcp-admission.dev/injected": "{}"}}}


async def test_both_are_asked_for_as_dry_runs() -> None:
    cluster: Any = Cluster()

    found = await ask(cluster, "team", Settings())

    assert cluster.created == [("/api/v1/namespaces/team/pods", True)] * 2
    assert [each.shown for each in found.both] == [Shows.FILLED, Shows.REFUSED]
    assert not found.by_others
    assert found.first(Shows.FAILED) is None
    assert isinstance(answered(404, "NotFound", ""), NotFound)
