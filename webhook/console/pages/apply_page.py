"""The page by which outdated servers are rolled: chosen, tried, then rolled in batches.

The rolls are kept for the person, and not for the page: `webhook/console/rolls/roll_runs.py`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from webhook.console.frame.page import Page, PageAnswer, Route, see_other
from webhook.console.frame.visit import Visit
from webhook.console.rolls.roll_form import (
    CLUSTER,
    NAMESPACE,
    SELECTION,
    RollFields,
    choice_in_words,
    fields_again,
)
from webhook.console.rolls.roll_run import ENDED, RollAccess, RollRun
from webhook.console.rolls.roll_runs import KeptRoll, RollRefused, RollRuns, claims_of
from webhook.fleet.fleet_roll import MOST_PARALLEL
from webhook.fleet.roll import RestartResult
from webhook.kube import NotFound

ROWS, MOST_ASKED = 50, 20
"""Servers on a page, and namespaces whose rights are asked for before a button is shown."""
WOULD_ROLL = RestartResult.WOULD_ROLL
RESULTS = {each.word: each for each in RestartResult}
STATES = {
    "rolled": "ok",
    "would-roll": "note",
    "current": "ok",
    "gone": "unknown",
    "refused": "fault",
    "paused": "paused",
    "failed": "fault",
    "interrupted": "unknown",
}
"""How badges show results, beside their words."""
NOT_KEPT = "this roll is not kept any more: the fleet shows what became of its servers"
STEPS: dict[str, Callable[[RollRun], None]] = {
    "pause": RollRun.pause,
    "resume": RollRun.resume,
    "stop": RollRun.stop,
}


async def choose(visit: Visit) -> Page:
    """The form, filled in by the address, and what was begun before."""
    return await _form(visit, RollFields.of(visit.request.query.items()), {})


async def try_out(visit: Visit) -> PageAnswer:
    """Begin a dry run, and show it; the form again where it is not as it should be."""
    fields = RollFields.of(visit.form.items())
    order = fields.read()
    if order.faults:
        return await _form(visit, fields, order.faults, status=422)
    try:
        kept = _runs(visit).try_out(order.choice, order.bounds)
    except RollRefused as error:
        return await _form(visit, fields, {"scope": str(error)}, status=409)
    return see_other(_address(kept))


async def show_roll(visit: Visit) -> Page:
    """A dry run, or the roll that followed it."""
    return Page("apply_roll.html", await _roll_values(visit, _kept(visit)))


async def show_roll_part(visit: Visit) -> Page:
    """What changes of it."""
    return Page("apply_part.html", await _roll_values(visit, _kept(visit)))


async def roll(visit: Visit) -> PageAnswer:
    """Roll what the dry run has shown, once."""
    kept = _kept(visit)
    try:
        _runs(visit).begin(kept)
    except RollRefused as error:
        values = await _roll_values(visit, kept, str(error))
        return Page("apply_roll.html", values, 409)
    return see_other(_address(kept))


async def take_step(visit: Visit, step: Callable[[RollRun], None]) -> PageAnswer:
    """Pause, resume or stop what is under way."""
    kept = _kept(visit)
    step(kept.runs[-1])
    return see_other(_address(kept))


def _runs(visit: Visit) -> RollRuns:
    live, claims = visit.live, claims_of(visit.request.app)
    return visit.person.kept(
        RollRuns,
        lambda person: RollRuns(
            RollAccess(person.api, visit.places, lambda: live.publish("rolls")),
            claims,
            person.household,
        ),
    )


def _kept(visit: Visit) -> KeptRoll:
    kept = _runs(visit).numbered(_number(visit.request.match_info["number"]))
    if kept is None:
        raise NotFound(404, "NotFound", NOT_KEPT)
    return kept


def _address(kept: KeptRoll) -> str:
    return f"/apply/{kept.number}"


async def _form(visit: Visit, fields: RollFields, faults: Any, *, status: int = 200) -> Page:
    everywhere = await visit.may("patch", "apps", "deployments")
    chosen = [fields.namespace] if fields.namespace else []
    if fields.scope == SELECTION:
        chosen = list(dict.fromkeys(each.partition("/")[0] for each in fields.servers))
    inside = everywhere or await _may_change(visit, chosen[:MOST_ASKED])
    kept = [
        {"kept": each, "run": each.runs[-1], "words": choice_in_words(each.choice)}
        for each in _runs(visit).newest_first
    ]
    values = {
        "fields": fields,
        "faults": faults,
        "everywhere": everywhere,
        "inside": inside,
        "kept": kept,
        "most_parallel": MOST_PARALLEL,
        "chosen": chosen,
        "scope": NAMESPACE if fields.scope == CLUSTER and not everywhere else fields.scope,
    }
    return Page("apply.html", values, status)


async def _roll_values(visit: Visit, kept: KeptRoll, refusal: str = "") -> dict[str, Any]:
    run = kept.runs[-1]
    result = RESULTS.get(visit.request.query.get("result", ""))
    rows = run.results(result)
    pages = max(1, -(-len(rows) // ROWS))
    page = min(pages, max(1, _number(visit.request.query.get("page", ""))))
    ready = not kept.roll and run.state == ENDED and WOULD_ROLL in run.counts
    return {
        "kept": kept,
        "run": run,
        "words": choice_in_words(kept.choice),
        "refusal": refusal,
        "counts": [{"word": each.word, "count": count} for each, count in run.counts.items()],
        "states": STATES,
        "again": fields_again(kept.bounds),
        "rows": rows[(page - 1) * ROWS : page * ROWS],
        "total": len(rows),
        "result": result.word if result else "",
        "page": page,
        "pages": pages,
        "ready": ready,
        "may_roll": ready and await _may_roll(visit, run),
        "would_roll": run.counts.get(WOULD_ROLL, 0),
    }


async def _may_roll(visit: Visit, run: RollRun) -> bool:
    """Whether the person may change what would roll; of many namespaces, the first are asked."""
    namespaces = dict.fromkeys(each.target.namespace for each in run.results(WOULD_ROLL))
    return await _may_change(visit, list(namespaces)[:MOST_ASKED])


async def _may_change(visit: Visit, namespaces: list[str]) -> bool:
    if await visit.may("patch", "apps", "deployments"):
        return True
    answers = [await visit.may("patch", "apps", "deployments", each) for each in namespaces]
    return bool(answers) and all(answers)


def _number(text: str) -> int:
    """A number of a page or of a roll, 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


ROUTES = (
    Route("GET", "/apply", choose),
    Route("POST", "/apply", try_out),
    Route("GET", "/apply/{number}", show_roll),
    Route("GET", "/apply/{number}/part", show_roll_part),
    Route("POST", "/apply/{number}/roll", roll),
    *(
        Route("POST", f"/apply/{{number}}/{name}", partial(take_step, step=step))
        for name, step in STEPS.items()
    ),
)
