"""The revision of a configuration, which the controller writes into a template, rolls once."""

from tests.admission.case import SERVER, Json, deployment
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import restarted
from tests.in_memory.defaults import copied, template_of
from webhook import names

CLUSTER = ApiServer()
MANIFEST = deployment(annotations={names.CONFIG_FROM: "values"})


def revised(live: Json, revision: str) -> Json:
    """What the controller sends when the content of the Secret has changed."""
    new = copied(live)
    annotations = template_of(new)["metadata"].setdefault("annotations", {})
    annotations[names.REVISION] = revision
    return new


def revision_of(document: Json) -> object:
    return template_of(document)["metadata"].get("annotations", {}).get(names.REVISION)


LIVE = CLUSTER.update(
    CLUSTER.create(MANIFEST).stored, revised(CLUSTER.create(MANIFEST).stored, "1")
).stored


def test_a_new_revision_is_stored_and_nothing_else_changes() -> None:
    outcome = CLUSTER.update(LIVE, revised(LIVE, "2"))

    assert outcome.stored == revised(LIVE, "2")
    assert outcome.warnings == []


def test_the_manifest_comes_again_and_rolls_nothing() -> None:
    assert CLUSTER.update(LIVE, MANIFEST).stored == LIVE


def test_a_restart_keeps_the_revision() -> None:
    assert revision_of(CLUSTER.update(LIVE, restarted(LIVE)).stored) == "1"


def test_a_revision_that_is_new_is_stored_where_the_rest_comes_again() -> None:
    outcome = CLUSTER.update(LIVE, revised(MANIFEST, "2"))

    assert revision_of(outcome.stored) == "2"


def test_the_revision_is_removed_when_a_workload_is_no_server_any_more() -> None:
    leaving = copied(LIVE)
    leaving["metadata"]["labels"][SERVER] = "false"

    assert revision_of(CLUSTER.update(LIVE, leaving).stored) is None
