"""When certificates end is told as their process has said it, and whether they were renewed."""

from typing import Any

import pytest

from tests.fleet.checkup import snapshots
from tests.fleet.checkup.snapshots import certificates, lease, seen
from webhook.controller.installation import (
    CERTIFICATES_LEASE,
    SAID_CERTIFICATES,
    SAID_CONSOLE,
)
from webhook.fleet.checkup import told_certificates
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, Snapshot

Json = dict[str, Any]


def keeper(said: Json, *, renewed: bool = True) -> Snapshot:
    return seen({CERTIFICATES_LEASE: (lease({SAID_CERTIFICATES: said}, renewed=renewed),)})


@pytest.mark.parametrize(
    ("said", "verdict", "words", "mend"),
    [
        (certificates(), OK, "the certificate ends on 2026-06-30 10:00 UTC (in 60 days)", ""),
        (certificates(13), FAULT, "ends on 2026-05-14 10:00 UTC (in 13 days), and was", "rotate"),
        (certificates(-1), FAULT, "the certificate has ended on 2026-04-30", "certs rotate"),
        (certificates(60, ("caBundle is empty",)), FAULT, "caBundle is empty", "certs status"),
        ({}, UNKNOWN, "has not looked yet", ""),
    ],
)
def test_a_certificate_is_renewed_in_good_time(
    said: Json, verdict: str, words: str, mend: str
) -> None:
    told = next(iter(told_certificates.judge_certificates(keeper(said))))

    assert told.verdict == verdict
    assert words in told.message
    assert mend in told.mend


@pytest.mark.parametrize(
    ("mode", "mend"),
    [
        ("own", "mcp-admission certs rotate"),
        ("cert-manager", "cmctl renew --namespace mcp-admission-system --all"),
        ("bring-your-own", "create secret tls mcp-admission-tls --cert=tls.crt --key=tls.key"),
    ],
)
def test_a_certificate_is_renewed_by_whoever_issues_it(mode: str, mend: str) -> None:
    process = snapshots.deployment("mcp-admission-certificates", mode=mode)
    says = {SAID_CERTIFICATES: certificates(1)}
    found = seen({"deployments": (process,), CERTIFICATES_LEASE: (lease(says),)})

    told, *_ = told_certificates.judge_certificates(found)

    assert mend in told.mend


def test_a_short_life_may_end_sooner() -> None:
    half_a_day = {"ends": snapshots.days(0.5), "renewal": snapshots.days(0.1)}

    (told,) = told_certificates.judge_certificates(keeper({"leaf": half_a_day}))

    assert (told.verdict, told.message.rpartition("(")[2]) == (OK, "in 12 h)")


@pytest.mark.parametrize(("kept", "verdict"), [(("--namespace=team",), NOTE), ((), UNKNOWN)])
def test_a_bundle_that_the_process_may_not_read_is_not_known(
    kept: tuple[str, ...], verdict: str
) -> None:
    control = snapshots.deployment("mcp-admission-control")
    control["spec"]["template"]["spec"]["containers"][0]["args"] = ["control", *kept]
    says = {SAID_CERTIFICATES: {**certificates(), "unread": "403 Forbidden"}}
    found = seen({"deployments": (control,), CERTIFICATES_LEASE: (lease(says),)})

    told, ends = told_certificates.judge_certificates(found)

    assert (told.verdict, ends.verdict) == (verdict, OK)
    assert told.message == "whether caBundle fits them is not known: 403 Forbidden"


@pytest.mark.parametrize(
    ("said", "verdict", "words", "mend"),
    [
        (certificates(), OK, "the console's certificate ends on 2026-06-30 10:00 UTC", ""),
        (certificates(13), FAULT, "(in 13 days), and was not", "certs rotate --console"),
        (certificates(60, ("it is theirs",)), FAULT, "it is theirs", "logs deployment/mcp-adm"),
    ],
)
def test_the_certificate_of_the_console_is_judged_like_that_of_the_webhook(
    said: Json, verdict: str, words: str, mend: str
) -> None:
    found = seen({CERTIFICATES_LEASE: (lease({SAID_CONSOLE: said}),)})

    told = next(iter(told_certificates.judge_console_certificate(found)))

    assert told.verdict == verdict
    assert words in told.message
    assert mend in told.mend


def test_nothing_is_told_of_a_console_that_has_no_certificate_of_ours() -> None:
    assert list(told_certificates.judge_console_certificate(keeper(certificates()))) == []
