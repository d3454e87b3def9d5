"""Settings are typed, previewed and saved; nothing that was typed is lost on the way."""

import base64
import json
import re
from html import unescape
from typing import Any

import pytest

from tests import builders
from tests.console.conftest import Opened
from tests.console.pages.test_fleet_page import (
    CONFIG_MAP,
    DEPLOYMENTS,
    LISTS,
    OF_TEAM,
    current,
    listing,
    opened,
)
from tests.console.played_cluster import HOSTILE, BrowserAtConsole, PlayedCluster, structure
from tests.controller.servers.live import stored
from webhook.controller.settings.cluster_decision import SOURCE_FILE
from webhook.settings import (
    FILE,
    LOCKED_FILE,
    NAMESPACES_FILE,
    Overlay,
    WrittenOverlays,
)
from webhook.settings.written_settings import compressed, overlays_json

Json = dict[str, Any]
GROUP = "/apis/mcp-admission.dev/v1alpha1"
RESOURCE = f"{GROUP}/mcpserversettings/default"
TEAM = f"{GROUP}/namespaces/team/mcpnamespacesettings/default"
LOCKED = "/api/v1/namespaces/mcp-admission-system/configmaps/mcp-admission-locked"
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
EXCEPTIONS = f"{GROUP}/mcpserverexceptions"
VERSION, SEEN = "_version", "_seen"
RUNTIME_CLASS = "mcpServerDefaults.runtimeClassName"


def resource(spec: Json, generation: int = 1, status: dict[str, str] | None = None) -> Json:
    metadata = {"name": "default", "uid": "u", "generation": generation, "resourceVersion": "7"}
    said = [
        {"type": name, "status": each, "reason": "Because", "message": "so"}
        for name, each in (status or {}).items()
    ]
    return {"metadata": metadata, "spec": spec, "status": {"conditions": said}}


def fill(
    played: PlayedCluster,
    *deployments: Json,
    overlays: Json | None = None,
    chart: Json | None = None,
    **spec: Any,
) -> None:
    """An installed product without network policies, and these servers in the namespace `team`."""
    spec |= {"mcpNamespace": {"networkPolicy": {"enabled": False}}}
    files = {FILE: spec | (chart or {}), SOURCE_FILE: spec, LOCKED_FILE: chart or {}}
    written = WrittenOverlays({name: Overlay(each) for name, each in (overlays or {}).items()})
    packed = base64.b64encode(compressed(overlays_json(written))).decode()
    for path in (*LISTS, EXCEPTIONS):
        played.objects[path] = listing()
        parts = path.rpartition("/")
        played.objects[f"{parts[0]}/namespaces/team/{parts[2]}"] = listing()
    played.objects["/api/v1/namespaces/team"] = {"metadata": {"name": "team"}}
    for path in (DEPLOYMENTS, OF_TEAM):
        played.objects[path] = listing(*deployments)
    played.objects[CLASSES] = listing({"metadata": {"name": "gvisor"}})
    played.objects[CONFIG_MAP] = {
        "data": {name: json.dumps(each) for name, each in files.items()},
        "binaryData": {NAMESPACES_FILE: packed},
    }
    played.objects[LOCKED] = {"data": {FILE: json.dumps(chart or {})}}
    for kind in ("mutating", "validating"):
        path = f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/mcp-admission"
        played.objects[path] = {}


def said(text: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


def sent(played: PlayedCluster, action: str, path: str = RESOURCE, **typed: str) -> dict[str, str]:
    """A form over what is stored now."""
    found = played.objects.get(path)
    version = f"{found['metadata']['uid']}/{found['metadata']['generation']}" if found else ""
    seen = json.dumps(found["spec"] if found else {})
    return {"_do": action, VERSION: version, SEEN: seen, **typed}


async def test_the_form_says_what_is_in_force_and_who_decided_it(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, chart={"mode": "warn"}, onConflict="warn")
    played.objects[RESOURCE] = resource({"onConflict": "warn"})

    answer = await (await opened(open_console)).get("/settings")

    assert answer.status == 200
    text = said(answer.text)
    assert "locked the chart sets it (ConfigMap mcp-admission-system/mcp-admission-locked)" in text
    assert 'name="mode"' not in answer.text
    assert re.search(
        r'<select id="in-onConflict".*?<option value="warn" selected>', answer.text, re.DOTALL
    )
    assert '<option value="gvisor">' in answer.text


async def test_another_runtime_class_for_all_is_two_clicks_and_says_who_changes(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("crm"))
    played.objects[RESOURCE] = resource({})
    console = await opened(open_console)
    form = (await console.get("/settings")).field
    form |= {RUNTIME_CLASS: "gvisor", "_do": "preview"}
    form.pop("csrf"), form.pop("namespace")

    preview = await console.post("/settings", form)

    assert preview.status == 200
    text = said(preview.text)
    assert f"{RUNTIME_CLASS} not set gvisor" in text
    assert "1 changed" in text
    assert "Deployment crm changed" in text
    assert played.written == []

    carried = preview.field | {"_do": "save"}
    carried.pop("csrf")
    saved = await console.post("/settings", carried)

    assert (saved.status, saved.headers["Location"]) == (303, "/settings?saved")
    ((method, path, body),) = played.written
    assert (method, path) == ("PATCH", RESOURCE)
    assert body["spec"] == {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}
    assert body["metadata"]["resourceVersion"] == "7"


async def test_a_link_leads_from_observe_straight_to_the_preview_of_enforce(
    open_console: Opened, played: PlayedCluster
) -> None:
    bare = builders.bare_pod("bare", hostPID=True)
    bare["metadata"] |= {"namespace": "team"}
    fill(played, overlays={"team": {"mode": "observe"}}, delegated=["mode"])
    played.objects["/api/v1/namespaces/team/pods"] = listing(stored(bare))
    played.objects[TEAM] = resource({"mode": "observe"})
    console = await opened(open_console)
    link = "/settings/team?preview&mode=enforce"
    assert link in unescape((await console.get("/settings")).text)

    preview = await console.get(link)

    assert "mode observe enforce" in said(preview.text)
    assert "1 refused" in said(preview.text)
    carried = preview.field | {"_do": "save"}
    carried.pop("csrf")
    saved = await console.post("/settings/team", carried)
    assert saved.headers["Location"] == "/settings/team?saved"
    assert played.written[0][1:] == (TEAM, played.written[0][2])
    assert played.written[0][2]["spec"] == {"mode": "enforce"}


async def test_a_link_to_a_key_that_is_locked_says_why_it_has_no_effect(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)

    answer = await (await opened(open_console)).get("/settings/team?preview&fillIn=none")

    assert "Nothing is changed by this" in said(answer.text)
    assert "fillIn: the cluster's settings have to list fillIn under delegated" in said(answer.text)


async def test_what_is_wrong_stays_typed_beside_its_fault(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    console = await opened(open_console)

    form = sent(played, "save", **{"exceptions.longestDays": "many"})
    answer = await console.post("/settings", form)

    assert answer.status == 422
    assert answer.field["exceptions.longestDays"] == "many"
    assert (
        'aria-describedby="hint-exceptions.longestDays fault-exceptions.longestDays"' in answer.text
    )
    assert played.written == []


@pytest.mark.parametrize(
    ("failure", "status", "sentence"),
    [((403, "Forbidden"), 403, "as the test wants it"), ((500, "InternalError"), 503, "500")],
    ids=["forbidden", "failed"],
)
async def test_what_is_refused_stays_typed_under_the_words_of_the_api_server(
    open_console: Opened,
    played: PlayedCluster,
    failure: tuple[int, str],
    status: int,
    sentence: str,
) -> None:
    fill(played)
    played.objects[RESOURCE] = resource({"onConflict": "warn"})
    console = await opened(open_console)
    form = sent(played, "save", **{RUNTIME_CLASS: "gvisor"})
    played.failures[RESOURCE] = failure

    answer = await console.post("/settings", form)

    assert answer.status == status
    assert sentence in said(answer.text)
    assert answer.field[RUNTIME_CLASS] == "gvisor"
    assert (answer.field[VERSION], answer.field[SEEN]) == (form[VERSION], form[SEEN])


async def test_a_concurrent_change_is_shown_side_by_side_and_not_overwritten(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("crm"))
    played.objects[RESOURCE] = resource({"mode": "warn"})
    console = await opened(open_console)
    form = sent(played, "save", **{RUNTIME_CLASS: "gvisor", "mode": "enforce"})
    now = {"mode": "observe", "replicas": {"policy": "off"}}
    played.objects[RESOURCE] = resource(now, 2)

    answer = await console.post("/settings", form)

    assert (answer.status, played.written) == (409, [])
    text = said(answer.text)
    assert "mode warn observe enforce yours would replace theirs" in text
    assert "replicas.policy not set off not set theirs stays" in text

    carried = answer.field | {"_do": "preview"}
    carried.pop("csrf")
    preview = await console.post("/settings", carried)
    assert preview.status == 200
    assert "mode observe enforce" in said(preview.text)
    assert f"{RUNTIME_CLASS} not set gvisor" in said(preview.text)
    assert "replicas.policy" not in said(preview.text)


async def test_what_is_typed_can_be_changed_again(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    console = await opened(open_console)

    answer = await console.post("/settings", sent(played, "edit", **{RUNTIME_CLASS: "mine"}))

    assert answer.status == 200
    assert '<option value="mine" selected>' in answer.text


async def test_nothing_that_changes_is_nothing_to_save(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    played.objects[RESOURCE] = resource({"onConflict": "warn"})
    console = await opened(open_console)

    answer = await console.post("/settings", sent(played, "save", onConflict="warn"))

    assert answer.status == 200
    assert "Nothing is changed by this" in said(answer.text)
    assert played.written == []


async def test_who_may_not_save_sees_no_button_that_would(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("crm"))
    played.objects[RESOURCE] = resource({})
    played.forbidden.add(("patch", "mcpserversettings"))
    console = await opened(open_console)

    assert "You may not save these settings" in (await console.get("/settings")).text
    preview = await console.post("/settings", sent(played, "preview", **{RUNTIME_CLASS: "gvisor"}))

    assert "1 changed" in said(preview.text)
    assert 'value="save"' not in preview.text


async def test_who_may_not_read_what_is_in_force_is_told_and_may_still_save(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("crm"))
    played.objects[RESOURCE] = resource({"onConflict": "warn"})
    played.failures[CONFIG_MAP] = (403, "Forbidden")
    console = await opened(open_console)

    form = await console.get("/settings")
    preview = await console.post("/settings", sent(played, "preview", onConflict="deny"))

    assert "What is in force is not known to you" in form.text
    assert "What it would do is not known" in preview.text
    assert 'value="save"' in preview.text


async def test_the_progress_refreshes_itself_until_it_is_over(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    played.objects[RESOURCE] = resource({"mode": "warn"})
    played.failures[
        "/apis/coordination.k8s.io/v1/namespaces/mcp-admission-system/leases/mcp-admission-control"
    ] = (403, "Forbidden")
    console = await opened(open_console)

    page = await console.get("/settings?saved")
    assert "Saved." in page.text
    assert 'hx-get="/settings?part=progress"' in page.text

    played.objects[RESOURCE] = resource(
        {"mode": "warn"}, status={"Valid": "True", "Distributed": "True"}
    )
    part = await console.get("/settings?part=progress", HX_Request="true")
    assert part.text.startswith("<section")
    assert "in force" in part.text
    assert "hx-get" not in part.text


async def test_a_namespace_is_opened_by_its_name(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    console = await opened(open_console)

    found = await console.get("/settings?namespace=team")
    assert (found.status, found.headers["Location"]) == (303, "/settings/team")
    assert (await console.get("/settings?namespace=%2F%2Fevil")).headers["Location"] == (
        "/settings/%2F%2Fevil"
    )
    assert (await console.get("/settings/Not_A_Name")).status == 404


@pytest.mark.parametrize(
    "form",
    [{}, {"_do": "save"}, {"_do": "save", SEEN: "[]"}, {"_do": "drop", SEEN: "{}"}],
    ids=["nothing", "unseen", "list", "action"],
)
async def test_a_form_of_somebody_else_does_nothing(
    open_console: Opened, played: PlayedCluster, form: dict[str, str]
) -> None:
    fill(played)
    console = await opened(open_console)

    answer = await console.post("/settings", form)

    assert (answer.status, played.written) == (400, [])


async def pages(console: BrowserAtConsole, played: PlayedCluster, name: str) -> list[str]:
    """Every page of settings with this value wherever somebody may write one."""
    fill(played, current(name), overlays={"other": {"mode": "observe"}}, delegated=["mode"])
    spec = {"isolation": {"breakGlassGroups": [name]}}
    played.objects[CLASSES] = listing({"metadata": {"name": name}})
    played.objects[RESOURCE] = resource(spec, status={"Valid": "False", name: name})
    conditions = played.objects[RESOURCE]["status"]["conditions"]
    conditions[0]["message"] = conditions[0]["reason"] = name
    form = sent(played, "preview", **{RUNTIME_CLASS: "gvisor", "mcpServerDefaults.affinity": ""})
    found = [await console.get("/settings"), await console.post("/settings", form)]
    assert "1 changed" in said(found[1].text)
    wrong = {"exceptions.longestDays": name, RUNTIME_CLASS: f"_{name}"}
    found.append(await console.post("/settings", form | wrong))
    found.append(await console.post("/settings", form | {VERSION: name, SEEN: "{}"}))
    played.failures[RESOURCE] = (403, name)
    found.append(await console.post("/settings", form | {"mcpServerDefaults.affinity": name}))
    del played.failures[RESOURCE]
    return [each.text for each in found]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_value_changes_the_structure_of_a_page(
    open_console: Opened, played: PlayedCluster, name: str
) -> None:
    console = await opened(open_console)
    harmless = await pages(console, played, "harmless")

    texts = await pages(console, played, name)

    for found, expected in zip(texts, harmless, strict=True):
        assert structure(found) == structure(expected)
        assert "<script>alert" not in found
