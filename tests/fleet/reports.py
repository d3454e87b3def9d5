"""A report with one of everything."""

from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED, Change
from webhook.fleet.report import Report, Server, Told, Unseen

MEMORY = "containers[mcp].resources.requests.memory"
PATH = "/spec/template/spec/containers/0/resources/requests/memory"


def field(number: int) -> Told:
    change = Change(f"field{number}", f"/spec/field{number}", None, number)
    return Told(OUT_OF_DATE, "out-of-date", f"field{number} is absent", change.path, "", change)


REPORT = Report(
    servers=(
        Server("Deployment", "shop", "fine"),
        Server(
            "Deployment",
            "shop",
            "older",
            (
                Told(UNPROTECTED, "older-than-webhook", "nothing was ever filled in"),
                *map(field, range(7)),
            ),
        ),
        Server(
            "Deployment",
            "team",
            "crm",
            (
                Told(
                    OUT_OF_DATE,
                    "out-of-date",
                    f"{MEMORY} is 400Mi and would be 800Mi",
                    PATH,
                    "",
                    Change(MEMORY, PATH, "400Mi", "800Mi"),
                ),
            ),
        ),
        Server("Pod", "team", "bare", (field(1),)),
        Server(
            "StatefulSet",
            "team",
            "bridge",
            (
                Told(REFUSED, "refused", "must not be \x1b[31mtrue", "/spec/hostPID", "host"),
                Told(UNPROTECTED, "wide-policy", "NetworkPolicy all lets it reach everybody <&>"),
            ),
        ),
    ),
    unseen=(Unseen("networkpolicies", "GET /apis: 403 Forbidden: not allowed"),),
    settings="settings.yaml, and the environment",
)
