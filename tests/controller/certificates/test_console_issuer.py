"""The console's certificate: kept by its own authority, and by nobody else's Secret."""

import base64
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from certs.authority import Pair, fingerprint, is_kept_to, issue_leaf, make_authority
from certs.rotation import RotationPlan
from certs.verification import Text, verify
from tests.controller.certificates.test_stored import NOW, Secrets
from webhook.controller.certificates.console_issuer import (
    AUTHORITY_NAME,
    ConsoleIssuer,
    check_console_names,
)
from webhook.controller.certificates.stored import REPLACE
from webhook.controller.installation import (
    CONSOLE_SECRETS,
    OWN_LABELS,
    SAID_CONSOLE,
    Installation,
)
from webhook.observe.metrics import ControllerMetrics

HERE = Installation()
NAMES = ("localhost", "mcp-admission-console.mcp-admission-system.svc", "console.example")
AUTHORITY, SERVING = map(HERE.secret, CONSOLE_SECRETS)
DAY = timedelta(days=1)
PLAN = RotationPlan(names=NAMES)


class Kept:
    """A console's two Secrets, the process that keeps them, and the clock of the API server."""

    def __init__(self) -> None:
        self.secrets: Any = Secrets()
        self.now = NOW
        self.metrics = ControllerMetrics()
        self.issuer = self.started(PLAN)

    def started(self, plan: RotationPlan) -> ConsoleIssuer:
        """A process that has just begun to lead."""
        return ConsoleIssuer(self.secrets, HERE, plan, self.metrics, self.clock)

    def clock(self) -> datetime:
        return self.now

    async def rest(self, issuer: ConsoleIssuer | None = None) -> float:
        """Take turns until nothing is due at once; after how many seconds something is."""
        for _ in range(5):
            if due := await (issuer or self.issuer).reconcile():
                return due
        raise AssertionError("no rest after 5 turns")

    def files(self, path: str) -> dict[str, bytes]:
        data = self.secrets.kept[path]["data"]
        return {name: base64.b64decode(content) for name, content in data.items()}

    def pair(self, path: str, name: str) -> Pair:
        return Pair.from_pem(self.files(path)[f"{name}.crt"], self.files(path)[f"{name}.key"])

    def both(self) -> tuple[str, str]:
        """Fingerprints of authority and leaf."""
        pairs = self.pair(AUTHORITY, "ca"), self.pair(SERVING, "tls")
        return fingerprint(pairs[0].certificate), fingerprint(pairs[1].certificate)

    def is_well(self) -> bool:
        """Whether the leaf is valid, for the names, and of the authority that is handed out."""
        authority, leaf = self.pair(AUTHORITY, "ca"), self.pair(SERVING, "tls")
        assert self.files(SERVING)["ca.crt"] == authority.certificate_pem
        assert self.files(AUTHORITY).keys() == {"ca.crt", "ca.key"}
        assert is_kept_to(authority.certificate, self.issuer.plan.names)
        chain, key, anchor = (
            Text(name, pem)
            for name, pem in (
                ("chain", leaf.certificate_pem),
                ("key", leaf.key_pem),
                ("authority", authority.certificate_pem),
            )
        )
        service = "mcp-admission-console.mcp-admission-system"
        return verify(chain, key, anchor, service, self.now).faults == ()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def issued(kept: Kept) -> Kept:
    """Both Secrets are there, and well."""
    await kept.rest()
    return kept


async def test_a_console_gets_an_authority_and_a_certificate(issued: Kept) -> None:
    assert issued.is_well()
    subject = issued.pair(AUTHORITY, "ca").certificate.subject.rfc4514_string()
    assert subject.startswith(f"CN={AUTHORITY_NAME} CA 2026-01-01")
    for path in (AUTHORITY, SERVING):
        assert OWN_LABELS.items() <= issued.secrets.kept[path]["metadata"]["labels"].items()
    assert issued.files(SERVING).keys() == {"tls.crt", "tls.key", "ca.crt"}
    before = issued.both()

    assert await issued.rest() == 30.0
    assert await issued.rest(issued.started(PLAN)) == 30.0
    assert issued.both() == before


async def test_the_end_of_both_is_told(issued: Kept) -> None:
    value = issued.metrics.registry.get_sample_value
    name = "mcp_admission_stored_certificate_expiry_timestamp_seconds"

    assert value(name, {"certificate": "console"}) == (NOW + 90 * DAY).timestamp()
    assert value(name, {"certificate": "console-authority"}) == (NOW + 3650 * DAY).timestamp()
    assert '"ends": "2026-04-01T00:00:00Z"' in issued.issuer.says[SAID_CONSOLE]


@pytest.mark.parametrize("days", [60, 91, 4000], ids=["old", "ended", "like its authority"])
async def test_what_is_old_or_has_ended_is_renewed(issued: Kept, days: int) -> None:
    authority, leaf = issued.both()
    issued.now += days * DAY

    await issued.rest()

    assert issued.is_well()
    assert (issued.both()[0] == authority) is (days < 2433)
    assert issued.both()[1] != leaf


@pytest.mark.parametrize("path", [AUTHORITY, SERVING], ids=["authority", "certificate"])
async def test_a_secret_that_was_deleted_comes_back(issued: Kept, path: str) -> None:
    authority, leaf = issued.both()
    del issued.secrets.kept[path]

    await issued.rest()

    assert issued.is_well()
    assert (issued.both()[0] == authority) is (path == SERVING)
    assert issued.both()[1] != leaf


@pytest.mark.parametrize("path", [AUTHORITY, SERVING], ids=["authority", "certificate"])
async def test_what_is_asked_to_be_replaced_is(issued: Kept, path: str) -> None:
    at = (AUTHORITY, SERVING).index(path)
    before = issued.both()
    issued.secrets.kept[path]["metadata"]["annotations"] = {REPLACE: before[at]}

    await issued.rest()

    assert issued.is_well()
    assert issued.both()[at] != before[at]
    assert issued.both()[1] != before[1]


def foreign(names: tuple[str, ...] = NAMES, only_for: tuple[str, ...] = NAMES) -> dict[str, bytes]:
    """A pair, valid for the names, of an authority that is not stored."""
    authority = make_authority(NOW, 3650 * DAY, only_for=only_for)
    leaf = issue_leaf(authority, names, NOW, 90 * DAY)
    pair = {"tls.crt": leaf.certificate_pem, "tls.key": leaf.key_pem}
    return {**pair, "ca.crt": authority.certificate_pem}


@pytest.mark.parametrize(
    ("path", "files"),
    [
        (SERVING, {"tls.crt": b"odd", "tls.key": b"odd"}),
        (SERVING, {}),
        (SERVING, foreign()),
        (AUTHORITY, {"ca.crt": b"odd"}),
        (AUTHORITY, {}),
    ],
    ids=["broken", "empty", "of another authority", "broken authority", "empty authority"],
)
async def test_what_is_of_no_use_is_replaced(
    issued: Kept, path: str, files: dict[str, bytes]
) -> None:
    before = issued.both()
    issued.secrets.hold(path, **files)
    issued.secrets.kept[path]["metadata"]["labels"] = dict(OWN_LABELS)

    await issued.rest()

    assert issued.is_well()
    assert issued.both()[1] != before[1]
    assert (issued.both()[0] == before[0]) is (path == SERVING)


async def test_an_authority_that_could_vouch_for_others_is_replaced(issued: Kept) -> None:
    webhook = make_authority(NOW, 3650 * DAY)
    files = {"ca.crt": webhook.certificate_pem, "ca.key": webhook.key_pem}
    issued.secrets.hold(AUTHORITY, **files)
    issued.secrets.kept[AUTHORITY]["metadata"]["labels"] = dict(OWN_LABELS)

    await issued.rest()

    assert issued.is_well()
    assert issued.both()[0] != fingerprint(webhook.certificate)


async def test_other_names_need_another_authority_and_another_order_does_not(issued: Kept) -> None:
    before = issued.both()
    issued.issuer = issued.started(RotationPlan(names=NAMES[::-1]))
    await issued.rest()
    assert issued.both() == before

    issued.issuer = issued.started(RotationPlan(names=(*NAMES, "fleet.example")))
    await issued.rest()

    assert issued.is_well()
    assert not {*issued.both()} & {*before}


@pytest.mark.parametrize("path", [AUTHORITY, SERVING], ids=["authority", "certificate"])
async def test_a_secret_of_somebody_else_is_left_as_it_is_and_told(
    kept: Kept, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept.secrets.hold(path, **foreign())
    before = {key: dict(value) for key, value in kept.secrets.kept.items()}

    with caplog.at_level(logging.INFO):
        assert await kept.rest() == 5.0
        assert await kept.rest() == 5.0

    assert kept.secrets.kept == before
    told = f"Secret {path.rpartition('/')[2]} was not made by mcp-admission"
    assert told in kept.issuer.says[SAID_CONSOLE]
    (record,) = caplog.records
    assert record.getMessage() == "console certificate not issued"
    assert told in vars(record)["fields"]["reason"]

    del kept.secrets.kept[path]
    await kept.rest()
    assert kept.is_well()
    assert told not in kept.issuer.says[SAID_CONSOLE]


async def test_each_step_is_logged_once_and_no_key(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await kept.rest()
        await kept.rest()
        kept.secrets.hold(SERVING, **{"tls.crt": b"odd"})
        kept.secrets.kept[SERVING]["metadata"]["labels"] = dict(OWN_LABELS)
        await kept.rest()

    fields = [vars(record)["fields"] for record in caplog.records]
    steps = [each["step"] for each in fields if "step" in each]
    assert steps == ["CreateAuthority", "IssueLeaf", "Rest", "IssueLeaf", "Rest"]
    (problem,) = [each["reason"] for each in fields if "reason" in each]
    assert problem.startswith("Secret mcp-admission-console-tls, tls.crt and tls.key: ")
    for key in (kept.pair(AUTHORITY, "ca"), kept.pair(SERVING, "tls")):
        for line in key.key_pem.decode().splitlines():
            assert line not in str(fields)


@pytest.mark.parametrize(
    "name",
    [
        "mcp-admission.mcp-admission-system.svc",
        "MCP-Admission.mcp-admission-system.SVC",
        "mcp-admission.mcp-admission-system.svc.cluster.local",
        "mcp-admission-system.svc",
        "svc",
        "cluster.local",
        "*.mcp-admission-system.svc",
        "*.example",
    ],
)
def test_no_certificate_of_a_console_is_good_for_the_webhook(kept: Kept, name: str) -> None:
    with pytest.raises(ValueError, match=r"give the console another name|write the name in full"):
        kept.started(RotationPlan(names=(*NAMES, name)))


def test_names_that_only_look_like_the_webhook_are_fine() -> None:
    other = Installation("hook", "platform")

    check_console_names([*NAMES, "not-mcp-admission.mcp-admission-system.svc"], HERE)
    check_console_names(["mcp-admission.mcp-admission-system.svc"], other)
    check_console_names(["hook.platform.svc.example", "m.svc.cluster.local"], other)
