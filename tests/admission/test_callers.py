"""Labelling a live Deployment says who may call it from then on."""

from typing import Any

import pytest

from tests.admission.case import SERVER, Json, answer_to, deployment
from tests.in_memory.defaults import copied
from tests.in_memory.requests import request
from tests.rules.case import settings_of
from webhook.admission.answer import warning
from webhook.admission.coverage import callers
from webhook.admission.workload import Scope, read_workload
from webhook.pods.patch import Patch
from webhook.settings.model import Settings

PEER: Json = {"from": [{"podSelector": {}}]}
GATEWAY = "mcp-admission.dev/gateway=true"


def policy(**keys: Any) -> Settings:
    return settings_of(mcpNamespace={"networkPolicy": keys})


def said(settings: Settings, **annotations: str) -> str | None:
    asked = {f"mcp-admission.dev/{key.replace('_', '-')}": v for key, v in annotations.items()}
    asking = request(deployment(annotations=asked))
    found = callers(settings, read_workload(asking.object, asking, Scope.OPTED_IN, Patch()))
    return None if found is None else warning(found)


PROFILES = dict.fromkeys(("metrics", "probes", "a", "b"), PEER)
TABLE: list[tuple[Json, dict[str, str], str]] = [
    ({}, {}, f"pods labelled {GATEWAY} in mcp-admission's namespace"),
    ({"gateway": {"namespace": "edge"}}, {}, f"pods labelled {GATEWAY} in namespace edge"),
    (
        {"gateway": {"namespace": "edge", "podSelector": {}}},
        {},
        "all pods in namespace edge",
    ),
    (
        {"gateway": {"namespace": "edge", "podSelector": {"b": "2", "a": "1", "c": "3"}}},
        {},
        "pods labelled a=1, b=2 and 1 more in namespace edge",
    ),
    (
        {"gateway": {"namespace": "edge"}, "ingressProfiles": PROFILES},
        {"ingress_from": "a,b"},
        f"pods labelled {GATEWAY} in namespace edge, and ingress a and b",
    ),
    (
        {"gateway": {"namespace": "e" * 40}, "ingressProfiles": PROFILES},
        {"ingress_from": "metrics,probes,a,b"},
        f"the gateway's pods in namespace {'e' * 40}, and others",
    ),
    ({}, {"ingress_from": "unknown"}, f"pods labelled {GATEWAY} in mcp-admission's namespace"),
]


@pytest.mark.parametrize(("keys", "asked", "who"), TABLE)
def test_the_pods_that_can_call_a_server_are_named(
    keys: Json, asked: dict[str, str], who: str
) -> None:
    assert said(policy(**keys), **asked) == f"callers from now on: {who} (identity)"


def test_nothing_is_said_where_no_policy_isolates() -> None:
    assert said(policy(enabled=False)) is None


def test_the_sentence_about_callers_fits_a_warning_for_every_name() -> None:
    gateway = {"namespace": "e" * 63, "podSelector": {"example.com/" + "k" * 63: "v" * 63}}
    keys = {"gateway": gateway, "ingressProfiles": {"p" * 63: PEER}}

    sentence = said(policy(**keys), ingress_from="p" * 63) or ""

    assert sentence.startswith("callers from now on: the gateway's pods in namespace e")
    assert len(sentence) <= 120


def relabelled(live: Json) -> Json:
    new = copied(live)
    new["metadata"]["labels"] = {SERVER: "true"}
    return new


def test_labelling_a_live_deployment_names_its_callers() -> None:
    live = deployment(labels={})
    rolls, called_by = answer_to(relabelled(live), live).warnings

    assert "is new: the hardened template rolls the pods" in rolls
    assert called_by.startswith("callers from now on: ")
    off = policy(enabled=False)
    assert answer_to(relabelled(live), live, settings=off).warnings == (rolls,)


def test_a_new_deployment_has_had_no_callers() -> None:
    assert answer_to(deployment()).warnings == ()
