"""The page that says whether the installation is well: checks, replicas, queues, and the last hour.

A reading that takes long is waited for by the next refresh, not by the page.
"""

from webhook.console.frame.page import Page, Route
from webhook.console.frame.visit import Visit
from webhook.console.health_view import health_charts
from webhook.console.health_view.health_reading import LOOK_SECONDS, HealthReading

FIRST_SECONDS, REFRESH_SECONDS = 2.0, 0.5
"""How long the first look waits for a reading, and how long a refresh does."""


async def health(visit: Visit) -> Page:
    """The whole page."""
    return await _shown(visit, "health.html", FIRST_SECONDS)


async def health_part(visit: Visit) -> Page:
    """What changes of it."""
    return await _shown(visit, "health_part.html", REFRESH_SECONDS)


async def _shown(visit: Visit, template: str, seconds: float) -> Page:
    reading = visit.person.kept(
        HealthReading, lambda person: HealthReading(person.api, visit.places)
    )
    await reading.look(seconds)
    history = reading.history
    intervals, now = history.intervals, reading.now
    values = {
        "seen": reading.seen,
        "pause": int(LOOK_SECONDS),
        "rate": health_charts.rate_chart(intervals, now),
        "time": health_charts.time_chart(intervals, now),
        "refusals": health_charts.refusal_bars(history),
        "counted_since": history.counted_since,
        "problems": (*history.replicas.problems, *history.controllers.problems),
        "queues": history.queues,
    }
    return Page(template, values)


ROUTES = (Route("GET", "/health", health), Route("GET", "/health/part", health_part))
