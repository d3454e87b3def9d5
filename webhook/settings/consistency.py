"""What each part of the settings accepts and the whole does not.

These checks need the merged settings: a file may set the ceiling and a variable the default.
"""

from collections.abc import Iterator, Mapping

from webhook.settings.faults import Fault
from webhook.settings.model import Settings
from webhook.settings.quantity import parse_quantity
from webhook.settings.rule_ids import NOT_OVERRIDABLE

_DEFAULTS = ("mcpServerDefaults", "resources")
_MAXIMUMS = ("mcpServerMaximums",)


def contradictions(settings: Settings) -> Iterator[Fault]:
    """Every contradiction, at the key that somebody has set."""
    yield from _overridden(settings)
    given, ceilings = settings.mcp_server_defaults.resources, settings.mcp_server_maximums
    yield from _above(given.requests, (*_MAXIMUMS, "requests"), ceilings.requests, "requests")
    yield from _above(given.limits, (*_MAXIMUMS, "limits"), ceilings.limits, "limits")
    # A container without a limit gets the ceiling as its limit, and no request may be above that.
    yield from _above(given.requests, (*_MAXIMUMS, "limits"), ceilings.limits, "requests")
    yield from _above(given.requests, (*_DEFAULTS, "limits"), given.limits, "requests")


def _overridden(settings: Settings) -> Iterator[Fault]:
    for rule, action in settings.rules.items():
        if action == "override" and rule in NOT_OVERRIDABLE:
            yield Fault(
                ("rules", rule),
                "override is not accepted, because nothing can stand in for what it refuses: "
                "use deny, warn or off",
            )


def _above(
    given: Mapping[str, str], key: tuple[str, ...], bounds: Mapping[str, str], what: str
) -> Iterator[Fault]:
    """Object to each bound at the key that the default beats; quantities compare exactly."""
    for resource in sorted(given.keys() & bounds.keys()):
        default, bound = given[resource], bounds[resource]
        if parse_quantity(default) > parse_quantity(bound):
            yield Fault(
                (*key, resource),
                f"{bound} is less than mcpServerDefaults.resources.{what}.{resource}, {default}: "
                "raise the one or lower the other",
            )
