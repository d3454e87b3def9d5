"""What the owner of a server is told about how it stands: by an Event, once while it stays so."""

from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED

_REASONS = {
    OUT_OF_DATE: "OutOfDate",
    UNPROTECTED: "Unprotected",
    REFUSED: "Refused",
}
_NOTES = {
    OUT_OF_DATE: "the settings have changed since it rolled: `mcp-admission audit -n {0}` names "
    "the fields, `mcp-admission apply -n {0} {1}` rolls it",
    UNPROTECTED: "nothing was ever filled in, it is older than the webhook or than its label: "
    "`mcp-admission audit -n {0}` names the fields, `mcp-admission apply -n {0} {1}` rolls it",
    REFUSED: "its pods run on, but new ones would be refused: `mcp-admission audit -n {0}` names "
    "the reasons; mend them before it must restart",
}


def drift_notes(namespace: str, name: str, state: str) -> dict[str, str]:
    """The note by its reason; none for a server that is as it would be."""
    if state not in _NOTES:
        return {}
    return {_REASONS[state]: _NOTES[state].format(namespace, name)}
