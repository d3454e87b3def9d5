"""What `check` prints, a line for each sentence of a check, and the screen of `status`.

The command that mends a fault stands on a line of its own, to be copied.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, CheckResult, counts
from webhook.reports.text import BOLD, GREEN, RED, YELLOW, columns, paint

MARKS = {OK: "✓", NOTE: "!", UNKNOWN: "?", FAULT: "✗"}
SHADES = {OK: GREEN, NOTE: YELLOW, UNKNOWN: YELLOW, FAULT: RED}
MOST_NAMESPACES = 15
"""What fits a screen; JSON has all of them."""
_BESIDE, _UNKNOWN = " " * 4, "unknown"


def check_lines(results: Sequence[CheckResult], *, colour: bool) -> Iterator[str]:
    """Each sentence with its mark and the id of its check, its command below it, and the counts."""
    width = max((len(each.id) for each in results), default=0)
    for result in results:
        following = [each.mend for each in result.told[1:]]
        for told, next_mend in zip(result.told, [*following, ""], strict=True):
            mark = paint(MARKS[told.verdict], SHADES[told.verdict], colour=colour)
            yield f"{mark} {result.id.ljust(width)}  {told.message}"
            if told.mend and told.mend != next_mend:
                yield f"{_BESIDE}{told.mend}"
    yield ""
    yield verdict_counts(results)


def verdict_counts(results: Sequence[CheckResult]) -> str:
    """How many checks have each verdict that there is."""
    found = [f"{count} {verdict}" for verdict, count in counts(results).items() if count]
    return f"{len(results)} checks: {', '.join(found)}"


def check_data(stage: str, results: Sequence[CheckResult]) -> dict[str, Any]:
    """All of it for programs; `stage` is before, after or manifests."""
    return {
        "stage": stage,
        "checks": [
            {
                "id": each.id,
                "part": each.part,
                "verdict": each.verdict,
                "told": [told._asdict() for told in each.told],
            }
            for each in results
        ],
        "summary": counts(results),
    }


def status_lines(found: Mapping[str, Any], *, colour: bool) -> Iterator[str]:
    """The screen of `status`, from what `overview` has found."""
    enforcing, settings = found["enforcing"], found["settings"]
    word = str(enforcing["enforcing"])
    shade = {"yes": GREEN, "no": RED}.get(word, YELLOW)
    since = f" since {enforcing['since']}" if enforcing["since"] else ""
    told = "; ".join((enforcing["message"] or "").splitlines())
    why = f": {told}" if word != "yes" and told else ""
    ends = found["certificates"]
    leaders = found["leaders"]
    yield from columns(
        [
            ["enforcing", f"{paint(word, shade, colour=colour)}{since}{why}"],
            ["mode", found["mode"]],
            ["settings", _settings_line(settings)],
            ["certificate", f"ends {ends['certificate_ends'] or _UNKNOWN}"],
            ["authority", f"ends {ends['authority_ends'] or _UNKNOWN}"],
            ["control", f"led by {leaders['control'] or 'nobody'}"],
            ["certificates", f"led by {leaders['certificates'] or 'nobody'}"],
        ]
    )
    yield ""
    yield from _replica_lines(found["replicas"], settings["digest"], colour=colour)
    yield ""
    yield from _server_lines(found["servers"], found["namespaces"], colour=colour)
    yield ""
    yield from _need_lines(found["needs"], colour=colour)


def _settings_line(settings: Mapping[str, Any]) -> str:
    valid = {True: ", the resource is valid", False: ", the resource is not valid"}
    return f"{settings['digest'] or _UNKNOWN}{valid.get(settings['valid'], '')}"


def _replica_lines(
    replicas: Sequence[Mapping[str, Any]], wanted: str | None, *, colour: bool
) -> Iterator[str]:
    if not replicas:
        yield paint("no replica serves", RED, colour=colour)
        return
    rows = [["REPLICA", "READY", "SETTINGS"]]
    for each in replicas:
        digest = each["digest"] or _UNKNOWN
        other = " (other settings)" if wanted and each["digest"] not in {None, wanted} else ""
        rows.append([each["name"], "yes" if each["ready"] else "no", f"{digest}{other}"])
    yield from _table(rows, colour=colour)


def _server_lines(
    servers: Mapping[str, int] | None, namespaces: Sequence[Mapping[str, Any]], *, colour: bool
) -> Iterator[str]:
    if not servers:
        yield "servers: unknown"
        return
    heads = [each.upper() for each in servers]
    rows = [["NAMESPACE", "MODE", *heads]]
    rows += [
        [each["namespace"], each["mode"], *map(str, each["servers"].values())]
        for each in namespaces[:MOST_NAMESPACES]
    ]
    more = len(namespaces) - MOST_NAMESPACES
    if more > 0:
        rows.append([f"({more} more)", "", *([""] * len(heads))])
    rows.append(["(all)", "", *map(str, servers.values())])
    yield from _table(rows, colour=colour)


def _need_lines(needs: Sequence[Mapping[str, str]], *, colour: bool) -> Iterator[str]:
    if not needs:
        yield "nothing needs a person"
        return
    yield "needs a person:"
    for each in needs:
        yield (
            f"{paint(MARKS[each['verdict']], SHADES[each['verdict']], colour=colour)} "
            + (each["message"])
        )
        if each["mend"]:
            yield f"{_BESIDE}{each['mend']}"


def _table(rows: Sequence[Sequence[str]], *, colour: bool) -> Iterator[str]:
    heading, *lines = columns(rows)
    yield paint(heading, BOLD, colour=colour)
    yield from lines
