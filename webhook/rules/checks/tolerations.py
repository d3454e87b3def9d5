"""A server runs on no node that is kept from everybody.

Field    spec.tolerations
Absent   nothing
Refused  a toleration without a key, which tolerates every taint, unless the setting
         mcpServerDefaults.tolerations has the same one
Source   mcp-admission; operator Exists with an empty key matches all taints, with an effect all of
         that effect; tolerations may be added to a live pod, and what is added is checked too
"""

from collections.abc import Sequence

from webhook.rules.rule import Fields, Pod, PodRule, Settings, Violation

KEY = "tolerations"


def check(pod: Pod, settings: Settings) -> Sequence[Violation]:
    """Refuse what tolerates everything in a template or a new pod."""
    new = pod.origin.creating or pod.origin.template
    return of_everything(pod.spec, settings) if new else ()


def of_everything(spec: Fields, settings: Settings) -> Sequence[Violation]:
    """Object to each toleration without a key that is not the fleet's own."""
    keyless = [
        (at, toleration)
        for at, toleration in enumerate(spec.list(KEY))
        if not (type(toleration) is dict and toleration.get("key"))
    ]
    if not keyless:
        return ()
    fleet = _of_fleet(settings)
    detail = ": without one, every taint of every node is tolerated"
    return [
        spec.violation(KEY, "must name the key of a taint", item=at, detail=detail)
        for at, toleration in keyless
        if toleration not in fleet
    ]


def _of_fleet(settings: Settings) -> list[dict[str, object]]:
    return [
        each.model_dump(by_alias=True, exclude_none=True)
        for each in settings.mcp_server_defaults.tolerations or ()
        if not each.key
    ]


RULE: PodRule = PodRule(id="tolerations", check=check)
