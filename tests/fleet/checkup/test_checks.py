"""A table of checks: each result once, the worst first, and what is not read is unknown."""

from collections.abc import Iterable

import pytest

from tests.fleet.checkup.snapshots import deployment, registrations, seen
from webhook.fleet.checkup import checks
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, Check, Snapshot, Told

WELL, NOTED, BROKEN = Told(OK, "well"), Told(NOTE, "noted"), Told(FAULT, "broken", "mend it")


def check(*told: Told, reads: tuple[str, ...] = ()) -> Check:
    def judge(_: Snapshot) -> Iterable[Told]:
        return told

    return Check("one", "part", reads, judge)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((WELL,), (WELL,)),
        ((WELL, NOTED), (NOTED,)),
        ((NOTED, WELL, BROKEN), (BROKEN, NOTED)),
    ],
)
def test_a_result_has_the_worst_first_and_what_is_well_only_alone(
    told: tuple[Told, ...], expected: tuple[Told, ...]
) -> None:
    (result,) = checks.run_checks([check(*told)], seen())

    assert result.told == expected
    assert result.verdict == expected[0].verdict


def test_a_check_that_does_not_apply_says_nothing() -> None:
    assert checks.run_checks([check()], seen()) == []


def test_what_may_not_be_read_is_unknown_whatever_else_is_there() -> None:
    (result,) = checks.run_checks(
        [check(BROKEN, reads=("rights", "version"))], seen(unread="rights")
    )

    assert result.told == (Told(UNKNOWN, "you may not read it"),)
    assert checks.counts([result]) == {OK: 0, NOTE: 0, UNKNOWN: 1, FAULT: 0}


def test_what_was_installed_is_put_back_the_way_it_was_installed() -> None:
    helm = seen().put_back
    plain = seen({"deployments": ()}).put_back

    assert helm == (
        "helm upgrade mine manifests/chart --namespace mcp-admission-system "
        "--reset-then-reuse-values"
    )
    assert plain == "kubectl apply --filename manifests/install"


def test_a_release_that_was_lost_with_its_namespace_takes_over_what_it_left() -> None:
    """Helm keeps its release beside the processes; what has no namespace still names it."""
    left = registrations()
    left["MutatingWebhookConfiguration"]["metadata"]["annotations"] = {
        "meta.helm.sh/release-name": "mine"
    }

    lost = seen({"deployments": (), **{kind: (each,) for kind, each in left.items()}})

    assert lost.put_back == (
        "helm upgrade mine manifests/chart --namespace mcp-admission-system --install "
        "--create-namespace --reset-then-reuse-values --values values.yaml"
    )


@pytest.mark.parametrize(("operation", "forced"), [("Apply", True), ("Update", False)])
def test_helm_4_takes_back_what_others_edited_and_helm_3_has_no_option(
    operation: str, *, forced: bool
) -> None:
    found = deployment("mcp-admission-serve")
    found["metadata"]["managedFields"] = [
        {"manager": "kube-controller-manager", "operation": "Update"},
        {"manager": "helm", "operation": operation},
    ]

    command = seen({"deployments": (found,)}).put_back

    assert command.endswith(" --force-conflicts") is forced


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_how_long_something_lasts_is_said_in_whole_units(seconds: float, words: str) -> None:
    assert checks.time_in_words(seconds) == words


def test_a_long_list_is_cut_and_counted() -> None:
    assert checks.listing(["a", "b", "c"], 2) == "a, b and 1 more"
    assert checks.listing(["a", "b"], 2) == "a, b"
