"""What was seen, and the verdict on it: a line for each situation that is told apart."""

import pytest

from webhook.admission import Scope
from webhook.controller.probe import verdict
from webhook.controller.probe.probe_pods import PodAnswer, ProbeAnswers, Shows
from webhook.controller.probe.registrations import ENTRIES, Registrations
from webhook.controller.probe.verdict import ProbeVerdict, ScopeProbe, SeenReplicas, judge, together

KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
ENTRY = {"failurePolicy": "Fail", "rules": [{"resources": ["pods"]}]}
INSTALLED = {kind: dict.fromkeys(ENTRIES.values(), ENTRY) for kind in KINDS}
AS_INSTALLED = Registrations(INSTALLED, INSTALLED)
WITHOUT_ONE = Registrations(INSTALLED, {KINDS[0]: INSTALLED[KINDS[0]]})
LENIENT = {name: {**ENTRY, "failurePolicy": "Ignore"} for name in ENTRIES.values()}
ALTERED = Registrations(INSTALLED, {**INSTALLED, KINDS[1]: LENIENT})
NOT_READ = Registrations(INSTALLED, None)

FILLED, PLAIN = PodAnswer(Shows.FILLED), PodAnswer(Shows.PLAIN)
REFUSED, QUOTA = PodAnswer(Shows.REFUSED), PodAnswer(Shows.OTHERS, "exceeded quota")
SILENT, WARNED = PodAnswer(Shows.SILENT, "no answer"), PodAnswer(Shows.PLAIN, warned=True)
X509 = PodAnswer(Shows.FAILED, "tls: failed to verify certificate: x509: unknown authority")
DIAL = PodAnswer(Shows.FAILED, "dial tcp 10.0.0.1:443: connect: connection refused")
NONE = PodAnswer(Shows.FAILED, 'no endpoints available for service "mcp-admission"')
TWO = SeenReplicas(2)


@pytest.mark.parametrize(
    ("pods", "mode", "registrations", "replicas", "said"),
    [
        ((FILLED, REFUSED), "enforce", AS_INSTALLED, TWO, "True Enforcing"),
        ((FILLED, REFUSED), "enforce", AS_INSTALLED, SeenReplicas(), "True Enforcing"),
        ((FILLED, REFUSED), "enforce", AS_INSTALLED, SeenReplicas(0), "True Enforcing"),
        ((FILLED, REFUSED), "enforce", NOT_READ, TWO, "True Enforcing"),
        ((FILLED, REFUSED), "enforce", Registrations(), TWO, "True Enforcing"),
        ((FILLED, REFUSED), "enforce", WITHOUT_ONE, TWO, "False RegistrationMissing"),
        ((PLAIN, PLAIN), "enforce", Registrations(INSTALLED, {}), TWO, "False RegistrationMissing"),
        ((PLAIN, PLAIN), "observe", Registrations(None, {}), TWO, "False RegistrationMissing"),
        ((FILLED, REFUSED), "enforce", ALTERED, TWO, "False RegistrationAltered"),
        ((PLAIN, PLAIN), "enforce", ALTERED, SeenReplicas(0), "False RegistrationAltered"),
        ((X509, X509), "enforce", AS_INSTALLED, TWO, "False WrongCA"),
        ((DIAL, DIAL), "enforce", AS_INSTALLED, TWO, "False Unreachable"),
        ((FILLED, DIAL), "enforce", AS_INSTALLED, TWO, "False Unreachable"),
        ((QUOTA, DIAL), "enforce", AS_INSTALLED, TWO, "False Unreachable"),
        ((DIAL, DIAL), "enforce", AS_INSTALLED, SeenReplicas(0), "False NoReplica"),
        ((DIAL, DIAL), "enforce", AS_INSTALLED, SeenReplicas(), "False Unreachable"),
        ((NONE, NONE), "enforce", AS_INSTALLED, SeenReplicas(), "False NoReplica"),
        ((PLAIN, PLAIN), "enforce", NOT_READ, SeenReplicas(0), "False NoReplica"),
        ((SILENT, SILENT), "enforce", AS_INSTALLED, SeenReplicas(0), "False NoReplica"),
        (
            (FILLED, REFUSED),
            "enforce",
            AS_INSTALLED,
            SeenReplicas(2, ("a",)),
            "False OtherSettings",
        ),
        ((PLAIN, PLAIN), "enforce", AS_INSTALLED, SeenReplicas(2, ("a",)), "False OtherSettings"),
        ((PLAIN, PLAIN), "enforce", AS_INSTALLED, TWO, "False LetPass"),
        ((FILLED, FILLED), "enforce", AS_INSTALLED, TWO, "False LetPass"),
        ((PLAIN, REFUSED), "enforce", AS_INSTALLED, TWO, "False LetPass"),
        ((PLAIN, PLAIN), "observe", AS_INSTALLED, TWO, "False BelowEnforce"),
        ((WARNED, WARNED), "warn", AS_INSTALLED, TWO, "False BelowEnforce"),
        ((PLAIN, PLAIN), "warn", AS_INSTALLED, TWO, "False LetPass"),
        ((PLAIN, PLAIN), "warn", AS_INSTALLED, SeenReplicas(0), "False NoReplica"),
        ((DIAL, DIAL), "observe", AS_INSTALLED, TWO, "False Unreachable"),
        ((QUOTA, REFUSED), "enforce", AS_INSTALLED, TWO, "True Enforcing"),
        ((QUOTA, REFUSED), "enforce", NOT_READ, TWO, "Unknown NotProbed"),
        ((QUOTA, QUOTA), "enforce", AS_INSTALLED, TWO, "Unknown NotProbed"),
        ((FILLED, QUOTA), "enforce", AS_INSTALLED, TWO, "Unknown NotProbed"),
        ((SILENT, SILENT), "enforce", AS_INSTALLED, TWO, "Unknown NotProbed"),
        ((SILENT, REFUSED), "enforce", AS_INSTALLED, TWO, "Unknown NotProbed"),
    ],
)
def test_each_situation_has_its_reason(
    pods: tuple[PodAnswer, PodAnswer],
    mode: str,
    registrations: Registrations,
    replicas: SeenReplicas,
    said: str,
) -> None:
    probe = ScopeProbe(Scope.OPTED_IN, (ProbeAnswers("default", *pods, mode),))

    found = judge([probe], registrations, replicas)[Scope.OPTED_IN]

    assert found is not None
    assert f"{found.status} {found.reason}" == said
    assert found.reason in verdict.REASONS


@pytest.mark.parametrize(
    ("refused", "said"),
    [(FILLED, "True Enforcing"), (PLAIN, "False LetPass"), (QUOTA, "Unknown NotProbed")],
    ids=["filled in", "as it is", "quota"],
)
def test_where_the_settings_refuse_nothing_both_pods_have_to_be_filled_in(
    refused: PodAnswer, said: str
) -> None:
    answers = ProbeAnswers("default", FILLED, refused, refuses=False)

    found = together(judge([ScopeProbe(Scope.OPTED_IN, (answers,))], AS_INSTALLED, TWO))

    assert f"{found.status} {found.reason}" == said


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        (X509, "mcp-admission certs status"),
        (DIAL, "network policies"),
        (NONE, "mcp-admission-serve"),
    ],
    ids=["wrong CA", "unreachable", "no replica"],
)
def test_an_outage_is_told_with_the_way_out_and_what_the_api_server_says(
    pod: PodAnswer, words: str
) -> None:
    probe = ScopeProbe(Scope.MANAGED, (ProbeAnswers("team", pod, pod),))

    found = together(judge([probe], AS_INSTALLED, TWO))

    assert words in found.message
    assert pod.said in found.text
    assert pod.said not in found.message


def test_the_next_namespace_shows_what_a_quota_hides() -> None:
    answers = (ProbeAnswers("full", QUOTA, QUOTA), ProbeAnswers("team", FILLED, REFUSED))

    found = judge([ScopeProbe(Scope.MANAGED, answers)], AS_INSTALLED, TWO)[Scope.MANAGED]

    assert found is not None
    assert found.status == "True"
    assert "in namespace team" in found.text


def test_a_scope_without_namespaces_or_entries_has_no_verdict() -> None:
    managed_alone = {kind: {ENTRIES[Scope.MANAGED]: ENTRY} for kind in KINDS}
    shown = ProbeAnswers("default", FILLED, REFUSED)
    here = ScopeProbe(Scope.OPTED_IN, (shown,))

    assert judge([ScopeProbe(Scope.MANAGED)], AS_INSTALLED, TWO) == {Scope.MANAGED: None}
    assert judge([here], Registrations(managed_alone, managed_alone), TWO) == {Scope.OPTED_IN: None}


TRUE = ProbeVerdict("True", "Enforcing", "it is", "it is in default")
FALSE = ProbeVerdict("False", "Unreachable", "it is not", "it is not: dial")
UNKNOWN = ProbeVerdict("Unknown", "NotProbed", "who knows")


@pytest.mark.parametrize(
    ("opted_in", "managed", "status", "text"),
    [
        (TRUE, TRUE, "True", "opted-in and managed: it is in default"),
        (TRUE, FALSE, "False", "opted-in: it is in default\nmanaged: it is not: dial"),
        (UNKNOWN, FALSE, "False", "opted-in: who knows\nmanaged: it is not: dial"),
        (TRUE, UNKNOWN, "Unknown", "opted-in: it is in default\nmanaged: who knows"),
        (TRUE, None, "True", "opted-in: it is in default\nmanaged: nothing to ask about"),
        (None, None, "Unknown", "there is no namespace in which a pod could be asked for"),
    ],
    ids=["both", "one not", "one unknown, one not", "one unknown", "one scope", "none"],
)
def test_both_scopes_are_told_at_once_the_worse_one_counts(
    opted_in: ProbeVerdict | None, managed: ProbeVerdict | None, status: str, text: str
) -> None:
    found = together({Scope.OPTED_IN: opted_in, Scope.MANAGED: managed})

    assert (found.status, found.text) == (status, text)


def test_what_an_api_server_says_differently_is_no_news() -> None:
    one, other = (
        together({Scope.MANAGED: FALSE._replace(said=said)}) for said in ("dial", "deadline")
    )

    assert one.same_as == other.same_as
    assert one.text != other.text


def test_what_was_not_asked_is_unknown() -> None:
    probe = ScopeProbe(Scope.MANAGED, unasked="the namespaces are not known yet")

    found = together(judge([probe], AS_INSTALLED, TWO))

    assert (found.status, found.reason) == ("Unknown", "NotProbed")
    assert "not known yet" in found.text
