"""A report with one of everything."""

from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED, Change
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus, Skipped
from webhook.health import INCOMPLETE, NOT_RUNNING

MEMORY = "containers[mcp].resources.requests.memory"
PATH = "/spec/template/spec/containers/0/resources/requests/memory"


def field(number: int) -> ServerFinding:
    change = Change(f"field{number}", f"/spec/field{number}", None, number)
    return ServerFinding(
        OUT_OF_DATE, "out-of-date", f"field{number} is absent", change.path, "", change
    )


REPORT = FleetReport(
    servers=(
        ServerStatus("Deployment", "shop", "fine"),
        ServerStatus(
            "Deployment",
            "shop",
            "older",
            (
                ServerFinding(UNPROTECTED, "older-than-webhook", "nothing was ever filled in"),
                *map(field, range(7)),
            ),
        ),
        ServerStatus(
            "Deployment",
            "team",
            "crm",
            (
                ServerFinding(
                    OUT_OF_DATE,
                    "out-of-date",
                    f"{MEMORY} is 400Mi and would be 800Mi",
                    PATH,
                    "",
                    Change(MEMORY, PATH, "400Mi", "800Mi"),
                ),
            ),
        ),
        ServerStatus("Pod", "team", "bare", (field(1),)),
        ServerStatus(
            "StatefulSet",
            "team",
            "bridge",
            (
                ServerFinding(
                    REFUSED, "refused", "must not be \x1b[31mtrue", "/spec/hostPID", "host"
                ),
                ServerFinding(
                    UNPROTECTED, "wide-policy", "NetworkPolicy all lets it reach everybody <&>"
                ),
            ),
        ),
        ServerStatus(
            "DaemonSet",
            "team",
            "agents",
            (
                ServerFinding(
                    NOT_RUNNING,
                    "quota-exceeded",
                    "exceeded quota: few",
                    seen="Event agents.1",
                    final=True,
                ),
            ),
        ),
        ServerStatus(
            "Deployment",
            "team",
            "web",
            (
                ServerFinding(
                    INCOMPLETE, "secret-missing", 'secret "a" not found', seen="spec.volumes[a]"
                ),
            ),
        ),
    ),
    skipped=(Skipped("networkpolicies", "GET /apis: 403 Forbidden: not allowed"),),
    settings="settings.yaml, and the environment",
    unknown=(Skipped("runtimeclasses", "403 Forbidden"),),
)
