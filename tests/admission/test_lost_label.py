"""An update that leaves the label out: who meant to opt out is told how, nobody else is."""

from typing import Any

import pytest

from tests.builders import server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.defaults import copied, template_of
from webhook.settings.model import Settings

Json = dict[str, Any]

SERVER = "mcp-admission.dev/server"
TEAM = {"team": "tools"}
CLUSTER = ApiServer(Settings.model_validate({"selectors": [TEAM]}))
PUT_BACK = f'metadata.labels[{SERVER}] put back: to opt out, set it to "false" (identity)'


def deployment(labels: Json, of_template: Json) -> Json:
    made = server("a", labels={"app": "a", **labels})
    template_of(made)["metadata"]["labels"] |= of_template
    return made


LABELLED = deployment({SERVER: "true"}, {})
IN_TEMPLATE = deployment({}, {SERVER: "true"})
SELECTED = deployment(TEAM, {})
SELECTED_IN_TEMPLATE = deployment({}, TEAM)


@pytest.mark.parametrize("manifest", [LABELLED, IN_TEMPLATE])
def test_the_label_is_taken_off_a_live_deployment(manifest: Json) -> None:
    live = CLUSTER.create(manifest).stored
    new = copied(live)
    del new["metadata"]["labels"][SERVER]

    outcome = CLUSTER.update(live, new)

    assert outcome.warnings == [PUT_BACK]
    assert outcome.stored == live


def test_the_manifest_comes_again_without_its_label() -> None:
    live = CLUSTER.create(LABELLED).stored

    outcome = CLUSTER.update(live, deployment({}, {}))

    assert outcome.warnings == [PUT_BACK]
    assert template_of(outcome.stored) == template_of(live)


@pytest.mark.parametrize("manifest", [LABELLED, IN_TEMPLATE, SELECTED, SELECTED_IN_TEMPLATE])
def test_the_manifest_comes_again_as_its_author_wrote_it(manifest: Json) -> None:
    live = CLUSTER.create(manifest).stored

    outcome = CLUSTER.update(live, manifest)

    assert outcome.warnings == []
    assert outcome.stored == live
