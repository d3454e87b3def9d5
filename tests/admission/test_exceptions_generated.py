"""What holds for every object with an exception, and for every one without."""

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.admission.case import VALIDATE, Json, answer_to
from tests.admission.policies import NAMES, POLICIES, SCOPES
from tests.admission.test_excepted import granted
from tests.admission.test_properties import ANY
from tests.in_memory.requests import applied, request
from webhook.admission.answer import Answer, Finding, Severity, allow
from webhook.admission.excepted import let_off
from webhook.admission.workload import Scope, read_workload
from webhook.admission.workload_name import known_workload
from webhook.pods import Malformed, Patch
from webhook.rules.registry import EXCEPTABLE, RULES
from webhook.settings.server_exception import ServerException

RULE_SETS = st.sets(st.sampled_from([rule.id for rule in RULES]), min_size=1, max_size=6)


def own_name(document: Json, scope: Scope) -> str:
    try:
        head = read_workload(document, request(document), scope, Patch()).head
        return known_workload(head).name
    except Malformed:
        return ""


def as_granted(answer: Answer, exception: ServerException) -> list[Finding]:
    """The findings with those of the exception as warnings."""
    rules = exception.rules & EXCEPTABLE
    return [
        let_off(finding, exception) if finding.rule in rules else finding
        for finding in answer.findings
    ]


@given(ANY, NAMES, SCOPES, RULE_SETS, st.sampled_from([{}, {"hook": VALIDATE}]))
def test_an_exception_changes_the_findings_of_its_rules_into_warnings_and_nothing_else(
    document: Json, policy: str, scope: Scope, rules: set[str], hook: Json
) -> None:
    """Of rules that override nothing: what these keep, others may look at."""
    settings, name = POLICIES[policy], own_name(document, scope)
    assume(name)
    overriding = {rule.id for rule in RULES if settings.conflict_action(rule.id) == "override"}
    exception = granted(*(rules - overriding), to=name)

    without = answer_to(document, None, settings, scope, **hook)
    with_ = answer_to(document, None, settings.with_exceptions([exception]), scope, **hook)

    findings = as_granted(without, exception)
    assert list(with_.findings) == findings
    assert with_.covered == without.covered
    if without.allowed:
        assert with_ == without
    elif all(finding.severity is Severity.WARNING for finding in findings):
        assert with_.allowed
        assert with_.warnings == allow(findings).warnings
        checked = applied(document, with_)
        excepted = settings.with_exceptions([exception])
        assert answer_to(checked, None, excepted, scope, hook=VALIDATE).allowed
    else:
        assert (with_.code, with_.operations) == (without.code, ())


@given(ANY, NAMES, SCOPES, RULE_SETS, st.sampled_from([{}, {"hook": VALIDATE}]))
def test_a_workload_without_an_exception_is_not_touched(
    document: Json, policy: str, scope: Scope, rules: set[str], hook: Json
) -> None:
    settings = POLICIES[policy]
    beside = settings.with_exceptions([granted(*rules, to="another"), granted(*rules, to="")])
    assume(own_name(document, scope) != "another")

    answer = answer_to(document, None, beside, scope, **hook)

    assert answer == answer_to(document, None, settings, scope, **hook)


@given(ANY, NAMES, SCOPES, RULE_SETS)
def test_what_is_admitted_with_an_exception_is_admitted_again(
    document: Json, policy: str, scope: Scope, rules: set[str]
) -> None:
    name = own_name(document, scope)
    settings = POLICIES[policy].with_exceptions([granted(*rules, to=name)])
    first = answer_to(document, None, settings, scope)
    if first.allowed:
        again = answer_to(applied(document, first), None, settings, scope)
        final = answer_to(applied(document, first), None, settings, scope, hook=VALIDATE)

        assert again.operations == ()
        assert final.allowed, final.message
