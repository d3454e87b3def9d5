"""Tolerations and affinity are typed in rows, without a script; nothing that is typed is lost."""

import re
from typing import Any

import pytest

from tests.console.conftest import Opened
from tests.console.pages.test_fleet_page import current, opened
from tests.console.pages.test_settings_page import RESOURCE, fill, resource, said, sent
from tests.console.played_cluster import HOSTILE, PlayedCluster, structure
from webhook.console.settings_form.row_editors import MOST_ROWS

Json = dict[str, Any]
TOLERATIONS, AFFINITY = "mcpServerDefaults.tolerations", "mcpServerDefaults.affinity"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
GPU = {"key": "gpu", "operator": "Exists"}
POOL = {"key": "pool", "operator": "In", "values": ["a", "b"]}
APART: Json = {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}}


def stored(tolerations: Any = None, affinity: Any = None) -> Json:
    held = {"tolerations": tolerations, "affinity": affinity}
    return resource({"mcpServerDefaults": {key: each for key, each in held.items() if each}})


def on_nodes(*conditions: Json) -> Json:
    terms = {"nodeSelectorTerms": [{"matchExpressions": list(conditions)}]}
    return {"nodeAffinity": {REQUIRED: terms}}


def row(name: str, at: int, **cells: str) -> dict[str, str]:
    return {f"{name}:{at}:{key}": text for key, text in cells.items()}


async def test_what_is_stored_is_in_rows_with_an_empty_one_and_nothing_changes_by_itself(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    played.objects[RESOURCE] = stored([GPU], on_nodes(POOL) | APART)
    console = await opened(open_console)

    form = (await console.get("/settings")).field

    assert form[f"{TOLERATIONS}:0:key"] == "gpu"
    assert form[f"{TOLERATIONS}:1:key"] == ""
    assert f"{TOLERATIONS}:1:remove" not in form
    assert form[f"{AFFINITY}:0:values"] == "a, b"
    assert form[f"{AFFINITY}:beside"].startswith("podAntiAffinity:")
    chosen = row(TOLERATIONS, 0, operator="Exists") | row(AFFINITY, 0, operator="In")
    form.pop("csrf"), form.pop("namespace")
    again = await console.post("/settings", form | chosen | {"_do": "save"})
    assert "Nothing is changed by this" in said(again.text)
    assert played.written == []


async def test_rows_are_added_previewed_and_saved(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played, current("crm"))
    played.objects[RESOURCE] = stored([GPU])
    console = await opened(open_console)
    typed = row(TOLERATIONS, 0, key="gpu", operator="Exists")
    typed |= row(TOLERATIONS, 1, key="spot", value="yes", effect="NoSchedule")

    more = await console.post("/settings", sent(played, f"row {TOLERATIONS}", **typed))

    assert more.status == 200
    assert more.field[f"{TOLERATIONS}:1:key"] == "spot"
    assert more.field[f"{TOLERATIONS}:2:key"] == ""
    (focused,) = re.findall(r"<[^>]* autofocus>", more.text)
    assert f'id="in-{TOLERATIONS}:2:key"' in focused

    typed |= row(AFFINITY, 0, term="1", key="pool", operator="In", values="a, b")
    preview = await console.post("/settings", sent(played, "preview", **typed))
    assert "1 changed" in said(preview.text)
    carried = preview.field | {"_do": "save"}
    carried.pop("csrf")
    saved = await console.post("/settings", carried)

    assert saved.headers["Location"] == "/settings?saved"
    spot = {"key": "spot", "value": "yes", "effect": "NoSchedule"}
    assert played.written[0][2]["spec"]["mcpServerDefaults"] == {
        "affinity": on_nodes(POOL),
        "tolerations": [GPU, spot],
    }


async def test_a_row_is_taken_out(open_console: Opened, played: PlayedCluster) -> None:
    fill(played)
    played.objects[RESOURCE] = stored([GPU, {"key": "spot"}])
    console = await opened(open_console)
    typed = row(TOLERATIONS, 0, key="gpu", operator="Exists", remove="on")

    form = await console.post("/settings", sent(played, "edit", **typed))
    assert form.field[f"{TOLERATIONS}:0:remove"] == "on"
    typed |= row(TOLERATIONS, 1, key="spot")
    preview = await console.post("/settings", sent(played, "preview", **typed))

    assert said(preview.text).count('{"key": "spot"}') == 2
    assert said(preview.text).count('"gpu"') == 1


async def test_what_is_wrong_stays_typed_in_its_row_beside_the_reason(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    console = await opened(open_console)
    typed = row(TOLERATIONS, 0, key="a") | row(TOLERATIONS, 1, key="b", tolerationSeconds="soon")
    typed |= row(AFFINITY, 0, key="pool", operator="Gt", values="many")

    answer = await console.post("/settings", sent(played, "save", **typed))

    assert (answer.status, played.written) == (422, [])
    assert answer.field[f"{TOLERATIONS}:1:tolerationSeconds"] == "soon"
    text = said(answer.text)
    assert "2 fields are not valid" in text
    assert 'row 2: "soon" is not accepted: write a whole number' in text
    assert "row 1: operator Gt compares with one whole number" in text
    (cell,) = re.findall(rf'<input id="in-{TOLERATIONS}:1:key"[^>]*>', answer.text)
    assert f'aria-describedby="fault-{TOLERATIONS}:1" aria-invalid="true"' in cell
    assert f'id="fault-{TOLERATIONS}:1"' in answer.text
    (fine,) = re.findall(rf'<input id="in-{TOLERATIONS}:0:key"[^>]*>', answer.text)
    assert "aria-invalid" not in fine


async def test_rows_become_yaml_and_yaml_rows(open_console: Opened, played: PlayedCluster) -> None:
    fill(played)
    console = await opened(open_console)
    typed = row(AFFINITY, 0, key="pool", operator="In", values="a,b") | {
        f"{AFFINITY}:beside": "podAntiAffinity: {}"
    }

    yaml = await console.post("/settings", sent(played, f"switch {AFFINITY}", **typed))
    text = yaml.field[AFFINITY]
    assert text.startswith("podAntiAffinity: {}\nnodeAffinity:\n")
    assert f"{AFFINITY}:0:key" not in yaml.field
    rows = await console.post(
        "/settings", sent(played, f"switch {AFFINITY}", **{AFFINITY: f"{text}\n"})
    )

    assert rows.field[f"{AFFINITY}:0:values"] == "a, b"
    assert rows.field[f"{AFFINITY}:beside"] == "podAntiAffinity: {}"
    assert AFFINITY not in rows.field
    none = await console.post("/settings", sent(played, f"switch {AFFINITY}", **{AFFINITY: "[1]"}))
    assert f"{AFFINITY} stays YAML: rows cannot hold all of it" in said(none.text)
    assert none.field[AFFINITY] == "[1]"


async def test_a_form_has_room_for_all_rows_of_every_field(
    open_console: Opened, played: PlayedCluster
) -> None:
    fill(played)
    many = [{"key": "k" * 60, "operator": "Equal", "value": "v" * 60}] * MOST_ROWS
    played.objects[RESOURCE] = stored(many, on_nodes(*[POOL] * MOST_ROWS))
    console = await opened(open_console)

    page = await console.get("/settings")
    form = page.field
    form.pop("csrf"), form.pop("namespace")
    answer = await console.post("/settings", form | {"_do": "edit"})

    assert answer.field[f"{TOLERATIONS}:{MOST_ROWS - 1}:key"] == "k" * 60
    assert f"{TOLERATIONS}:{MOST_ROWS}:key" not in answer.field


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_value_changes_the_structure_of_the_rows(
    open_console: Opened, played: PlayedCluster, name: str
) -> None:
    fill(played)
    console = await opened(open_console)

    async def shown(text: str) -> str:
        condition = {"key": text, "operator": text, "values": [text.replace(",", "")]}
        toleration = dict.fromkeys(("key", "operator", "value", "effect"), text)
        beside = {"podAffinity": {REQUIRED: [{"topologyKey": text}]}}
        played.objects[RESOURCE] = stored([toleration], on_nodes(condition) | beside)
        typed = row(TOLERATIONS, 0, **toleration) | row(AFFINITY, 0, key=text, values=text)
        form = sent(played, "save", **typed)
        pages = [await console.get("/settings"), await console.post("/settings", form)]
        assert [each.status for each in pages] == [200, 422]
        return "".join(each.text for each in pages)

    harmless, found = await shown("no label"), await shown(name)

    assert structure(found) == structure(harmless)
    assert "<script>alert" not in found
