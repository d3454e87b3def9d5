"""Tolerations and affinity are typed in rows by keyboard, previewed and saved, for everybody."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.chromium import WIDTHS, Person, overflows, structure, violations
from tests.console.browser.played_console import PlayedConsole, played_console
from tests.console.pages.test_fleet_page import current
from tests.console.pages.test_settings_page import RESOURCE, fill, resource
from tests.console.pages.test_settings_rows import (
    AFFINITY,
    APART,
    GPU,
    POOL,
    TOLERATIONS,
    on_nodes,
    stored,
)
from tests.console.played_cluster import HOSTILE

AS_YAML = """\
podAntiAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
  - topologyKey: zone
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
    - matchExpressions:
      - key: pool
        operator: In
        values:
        - a
        - b"""
NewPerson = Callable[..., Person]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedConsole]:
    with played_console(tmp_path_factory.mktemp("console")) as found:
        yield found


def settings_page(console: PlayedConsole, person: Person) -> Page:
    console.let_in(person)
    person.page.goto(f"{console.address}/settings")
    return person.page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def pressed(page: Page, name: str) -> None:
    """Press a button by keyboard, and wait for the page that comes."""
    button = page.get_by_role("button", name=name).first
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_toleration_and_a_term_are_typed_previewed_and_saved_by_keyboard(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    fill(console.cluster, current("crm"))
    console.cluster.objects[RESOURCE] = resource({})
    console.cluster.written.clear()
    page = settings_page(console, new_person())
    tolerations = page.get_by_role("group", name="tolerations")

    tolerations.get_by_label("key, row 1").focus()
    page.keyboard.type("gpu")
    press(page, "Tab")
    page.keyboard.type("Exists")
    pressed(page, "Add a row to tolerations")
    expect(tolerations.get_by_label("key, row 2")).to_be_focused()
    page.keyboard.type("spot")
    press(page, "Tab", "Tab")
    page.keyboard.type("yes")
    page.get_by_role("group", name="affinity").get_by_label("label of the node, row 1").focus()
    page.keyboard.type("pool")
    press(page, "Tab")
    page.keyboard.type("In")
    press(page, "Tab")
    page.keyboard.type("a, b")
    pressed(page, "Preview the change")
    expect(page.locator("main")).to_contain_text("1 changed")
    pressed(page, "Save")

    ((_, path, body),) = console.cluster.written
    assert path == RESOURCE
    spot = {"key": "spot", "value": "yes"}
    found = body["spec"]["mcpServerDefaults"]
    assert found == {"tolerations": [GPU, spot], "affinity": on_nodes(POOL)}


def test_a_row_is_taken_out_and_what_is_wrong_is_told_at_its_row(
    console: PlayedConsole, new_person: NewPerson
) -> None:
    fill(console.cluster)
    console.cluster.objects[RESOURCE] = stored([GPU, {"key": "spot"}])
    page = settings_page(console, new_person())

    page.get_by_label("remove row 1").focus()
    press(page, "Space")
    page.get_by_label("seconds, row 2").fill("soon")
    pressed(page, "Preview the change")

    cell = page.get_by_label("seconds, row 2")
    expect(cell).to_have_value("soon")
    expect(cell).to_have_accessible_description('row 2: "soon" is not accepted: write a whole'
                                                " number, without quotes")  # fmt: skip
    expect(page.get_by_label("remove row 1")).to_be_checked()
    cell.fill("")
    pressed(page, "Preview the change")
    expect(page.locator("main")).to_contain_text('[{"key": "spot"}]')


def test_the_other_form_is_a_button_away(console: PlayedConsole, new_person: NewPerson) -> None:
    fill(console.cluster)
    console.cluster.objects[RESOURCE] = stored(None, on_nodes(POOL) | APART)
    page = settings_page(console, new_person())

    pressed(page, "Write affinity as YAML")
    expect(page.locator(f"[id='in-{AFFINITY}']")).to_be_focused()
    expect(page.locator(f"[id='in-{AFFINITY}']")).to_have_value(AS_YAML)
    pressed(page, "Write affinity as rows")

    affinity = page.get_by_role("group", name="affinity")
    expect(affinity.get_by_label("values, row 1")).to_have_value("a, b")
    expect(affinity.get_by_label("term, row 2")).to_be_focused()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_rows_keep_nobody_out(
    console: PlayedConsole, new_person: NewPerson, *, dark: bool
) -> None:
    fill(console.cluster)
    console.cluster.objects[RESOURCE] = stored([GPU], on_nodes(POOL) | APART)
    page = settings_page(console, new_person(width=WIDTHS["phone"], dark=dark))
    assert violations(page) == []
    assert not overflows(page)

    page.get_by_label("seconds, row 1").fill("soon")
    pressed(page, "Preview the change")

    assert page.locator(f"[id='fault-{TOLERATIONS}:0']").is_visible()
    assert violations(page) == []
    assert not overflows(page)


def test_hostile_words_change_no_structure(console: PlayedConsole, new_person: NewPerson) -> None:
    fill(console.cluster)
    person = new_person()
    page = settings_page(console, person)
    found = []
    for word in ("no label", *HOSTILE):
        condition = {"key": word, "operator": word, "values": [word]}
        toleration = dict.fromkeys(("key", "operator", "value", "effect"), word)
        console.cluster.objects[RESOURCE] = stored([toleration], on_nodes(condition))
        page.reload()
        found.append(structure(page))
        assert not overflows(page)

    assert all(each == found[0] for each in found)
