"""Settings of namespaces and exceptions beside manifests: in force, or told why not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Printed, Review
from tests.offline.manifest_texts import DEPLOYMENT
from webhook.documents import read_documents
from webhook.offline.manifests import Manifest
from webhook.offline.settings_documents import settings_beside
from webhook.settings.model import Settings

Json = dict[str, Any]
PRIVILEGED = DEPLOYMENT + "          securityContext: {runAsUser: 0}\n"
EXCEPTION = "MCPServerException"
TEAM = "MCPNamespaceSettings"


def in_days(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def document(kind: str, metadata: Json, spec: Json) -> str:
    head = {"apiVersion": "mcp-admission.dev/v1alpha1", "kind": kind}
    return yaml.safe_dump(head | {"metadata": metadata, "spec": spec}, sort_keys=False)


def exception(name: str = "runs-as-root", **spec: Any) -> str:
    granted = {
        "workload": {"namespace": "team-a", "name": "github-tools"},
        "rules": ["run-as-user"],
        "reason": "its vendor mends it",
        "expires": in_days(30),
    }
    spec = {key: value for key, value in (granted | spec).items() if value is not None}
    return document(EXCEPTION, {"name": name}, spec)


def of_team(**spec: Any) -> str:
    return document(TEAM, {"name": "default", "namespace": "team-a"}, spec)


def findings(printed: Printed) -> list[tuple[str, str, str]]:
    return [
        (result["kind"], each["severity"], each["message"])
        for result in json.loads(printed.out)["results"]
        for each in result["findings"]
        if result["kind"] != "Deployment"
    ]


def test_a_workload_is_let_off_by_an_exception_in_a_file_or_among_the_manifests(
    review: Review,
) -> None:
    files = {"d": PRIVILEGED, "e": exception()}

    assert review("d.yaml", "-n", "team-a", **files).code == 1
    assert review("d.yaml", "-n", "team-b", "--exceptions", "e.yaml", **files).code == 1
    for words in (["d.yaml", "e.yaml"], ["d.yaml", "--exceptions", "e.yaml"]):
        printed = review(*words, "-n", "team-a", **files)

        assert (printed.code, printed.err) == (0, "")
        day = in_days(30)[:10]
        assert f"excepted until {day} by runs-as-root: containers[main]" in printed.out
        assert ", 1 warning (1 by exception)" in printed.out
        assert "allowPrivilegeEscalation: false\n" in printed.out


def test_a_file_that_is_named_twice_counts_once(review: Review) -> None:
    words = ("d.yaml", "e.yaml", "--exceptions", "e.yaml", "--exceptions", "e.yaml")
    printed = review(*words, "-n", "team-a", d=PRIVILEGED, e=exception())

    assert (printed.code, printed.err) == (0, "")


def test_the_settings_of_a_namespace_count_in_it_alone(review: Review) -> None:
    spec = {"replicas": {"policy": "deny"}}
    three = DEPLOYMENT.replace("spec:\n", "spec:\n  replicas: 3\n", 1)
    files = {"d": three, "t": of_team(**spec)}

    assert review("d.yaml", "t.yaml", "-n", "team-a", **files).code == 1
    assert review("d.yaml", "t.yaml", "-n", "team-b", **files).code == 0


def test_settings_that_name_no_namespace_are_those_of_the_command_line(review: Review) -> None:
    text = document(TEAM, {"name": "default"}, {"replicas": {"policy": "deny"}})
    three = DEPLOYMENT.replace("spec:\n", "spec:\n  replicas: 3\n", 1)

    assert review("d.yaml", "t.yaml", "-n", "team-a", d=three, t=text).code == 1


WRONG_SETTINGS = [
    ({"replica": {}}, "spec.replica: unknown key, did you mean replicas?"),
    ({"mode": "observe"}, "spec.mode: observe is looser than enforce, which the cluster has"),
    ({"delegated": ["mode"]}, "spec.delegated: is for the whole cluster: take it out"),
    ({"selectors": []}, "spec.selectors: is read by the chart alone: take it out"),
]


@pytest.mark.parametrize(("spec", "sentence"), WRONG_SETTINGS)
def test_a_key_that_a_namespace_cannot_set_is_refused(
    review: Review, spec: Json, sentence: str
) -> None:
    printed = review("t.yaml", "-o", "json", t=of_team(**spec))

    ((kind, severity, message),) = findings(printed)
    assert (printed.code, kind, severity) == (1, TEAM, "error")
    assert message.startswith(sentence)
    assert "MCPNamespaceSettings team-a/default: refused" in review("t.yaml").out


def test_what_is_delegated_can_be_set(review: Review) -> None:
    files = {"s": "delegated: [mode]\n", "t": of_team(mode="warn"), "d": PRIVILEGED}
    printed = review("d.yaml", "t.yaml", "--settings", "s.yaml", "-n", "team-a", **files)

    assert printed.code == 0
    assert "admitted as it is in the mode warn; enforce would refuse it" in printed.out


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"name": "team-a"}, "metadata.name: must be default: there is one MCPNamespaceSettings"),
        ({"name": "default", "namespace": 7}, "metadata.namespace: must be the name of a namespa"),
    ],
)
def test_a_document_of_a_namespace_with_another_shape_is_refused(
    review: Review, metadata: Json, sentence: str
) -> None:
    printed = review("t.yaml", "-o", "json", t=document(TEAM, metadata, {}))

    ((_, severity, message),) = findings(printed)
    assert severity == "error"
    assert message.startswith(sentence)


WRONG_EXCEPTIONS: list[tuple[Json, str]] = [
    ({"until": "2030"}, "spec.until: unknown key"),
    ({"expires": None}, "spec.expires: this key is required: add it"),
    ({"expires": "soon"}, 'spec.expires: "soon" is no time'),
    ({"reason": None}, "spec.reason: this key is required: add it"),
    ({"reason": " "}, "spec.reason: a reason is required"),
    ({"rules": ["no-rule"]}, 'spec.rules[0]: "no-rule" is no rule'),
    ({"rules": ["identity"]}, "spec.rules[0]: identity has no exceptions, because other rules"),
    ({"rules": []}, "spec.rules: "),
    ({"workload": {"name": "a"}}, "spec.workload.namespace: this key is required: add it"),
]


@pytest.mark.parametrize(("spec", "sentence"), WRONG_EXCEPTIONS)
def test_an_exception_that_grants_nothing_is_refused_with_its_sentence(
    review: Review, spec: Json, sentence: str
) -> None:
    text = exception(**spec)
    printed = review("e.yaml", "-o", "json", e=text)

    ((kind, severity, message),) = findings(printed)
    assert (printed.code, kind, severity) == (1, EXCEPTION, "error")
    assert message.startswith(sentence)
    printed = review("d.yaml", "--exceptions", "e.yaml", d=DEPLOYMENT, e=text)
    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("e.yaml:")
    assert f": {sentence}" in printed.err


def test_an_exception_that_ends_too_late_is_refused(review: Review) -> None:
    late = exception(expires=in_days(91))

    printed = review("e.yaml", e=late)
    assert printed.code == 1
    assert "is more than 90 days from now, which exceptions.longestDays allows" in printed.out
    settings = "exceptions: {longestDays: 92}\n"
    assert review("e.yaml", "--settings", "s.yaml", s=settings, e=late).code == 0


def test_an_exception_that_has_ended_has_no_effect_and_is_told(review: Review) -> None:
    files = {"d": PRIVILEGED, "e": exception(expires=in_days(-1))}
    printed = review("d.yaml", "--exceptions", "e.yaml", "-n", "team-a", **files)

    assert printed.code == 1
    assert "Deployment team-a/github-tools: refused" in printed.out
    assert printed.err.startswith("e.yaml:12: spec.expires: the exception has ended on ")
    ((_, severity, message),) = findings(review("e.yaml", "-o", "json", **files))
    assert severity == "warning"
    assert message.startswith("spec.expires: the exception has ended on ")
    assert review("e.yaml", **files).code == 0


def test_two_exceptions_for_a_workload_count_both_and_are_told(review: Review) -> None:
    text = PRIVILEGED.replace("{runAsUser: 0}", "{runAsUser: 0, privileged: true}")
    second = exception("privileged", rules=["privileged", "privilege-escalation"])
    files = {"d": text, "e": f"{exception()}---\n{second}"}

    printed = review("d.yaml", "--exceptions", "e.yaml", "-n", "team-a", **files)

    assert printed.code == 0
    said = "the exception runs-as-root is for team-a/github-tools, too: the rules of both count"
    assert printed.err == f"e.yaml:19: spec.workload: {said}\n"
    assert findings(review("e.yaml", "-o", "json", **files)) == [
        (EXCEPTION, "warning", f"spec.workload: {said}")
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (exception(), exception(reason="another")),
        (of_team(), of_team(replicas={"policy": "deny"})),
    ],
)
def test_another_document_of_the_same_name_is_refused(
    review: Review, first: str, second: str
) -> None:
    printed = review("a.yaml", "b.yaml", "-o", "json", a=first, b=second)

    assert printed.code == 1
    assert [each[1:] for each in findings(printed)] == [
        ("error", "stands at a.yaml:1 already: keep one")
    ]


def test_the_exceptions_of_a_namespace_are_bounded_as_in_a_cluster(review: Review) -> None:
    many = "---\n".join(exception(f"of-{at}", workload=workload(at)) for at in range(150))

    printed = review("e.yaml", "-o", "json", e=many)

    told = findings(printed)
    assert printed.code == 1
    assert 0 < len(told) < 150
    assert {each[2] for each in told} == {
        "is not in force: its namespace has no room for more exceptions, delete those not needed"
    }


def workload(at: int) -> Json:
    return {"namespace": "team-a", "name": f"server-{at}"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DEPLOYMENT, "e.yaml:1: must be MCPServerException, not Deployment: name a file with"),
        ("", "e.yaml:1: there is no document here"),
        ("a: [\n", "e.yaml:"),
    ],
)
def test_a_file_without_exceptions_is_bad_usage(review: Review, text: str, said: str) -> None:
    printed = review("d.yaml", "--exceptions", "e.yaml", d=DEPLOYMENT, e=text)

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith(said)


def test_of_very_many_faults_the_first_are_told(review: Review) -> None:
    text = "---\n".join(exception(f"e-{at}", reason="") for at in range(60))

    printed = review("d.yaml", "--exceptions", "e.yaml", d=DEPLOYMENT, e=text)

    assert printed.code == 2
    assert len(printed.err.splitlines()) == 51
    assert printed.err.endswith("\nand 10 more\n")


def test_standard_input_is_read_once(review: Review) -> None:
    printed = review("-", "--exceptions", "-")

    assert printed.code == 2
    assert printed.err.startswith("- stands for standard input, which can be read once")


def test_the_time_is_what_the_caller_says() -> None:
    (read,) = read_documents(exception(expires="2030-03-01T00:00:00Z"), "e.yaml")
    manifest = Manifest(read, read.value, read.value["apiVersion"], EXCEPTION)
    end = datetime(2030, 3, 1, tzinfo=UTC).timestamp()

    def granted(now: float) -> bool:
        settings = settings_beside(Settings(), [manifest], "default", now)
        return bool(settings.of("team-a").exceptions_of("github-tools"))

    assert (granted(end - 1), granted(end)) == (True, False)


def of_cluster(**spec: Any) -> str:
    return document("MCPServerSettings", {"name": "default"}, spec)


def test_the_settings_of_the_cluster_among_the_manifests_count_unless_others_are_named(
    review: Review,
) -> None:
    listed = json.dumps({
        "apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(of_cluster(mode="observe"))]
    })  # fmt: skip
    files = {"d": PRIVILEGED, "s": of_cluster(mode="observe"), "l": listed}
    files |= {"other": "mode: enforce\n"}

    assert review("d.yaml", **files).code == 1
    for among in ("s.yaml", "l.yaml"):
        assert review("d.yaml", among, **files).code == 0
        assert review("d.yaml", among, "--settings", "other.yaml", **files).code == 1


def test_wrong_settings_of_the_cluster_do_not_count_and_two_are_one_too_many(
    review: Review,
) -> None:
    files = {"d": PRIVILEGED, "w": of_cluster(mode="no"), "s": of_cluster(mode="observe")}
    files |= {"t": of_cluster(mode="warn")}

    wrong = review("d.yaml", "w.yaml", "-o", "table", **files)
    twice = review("d.yaml", "s.yaml", "t.yaml", "-o", "json", **files)

    assert (wrong.code, twice.code) == (1, 1)
    assert "run-as-user" in wrong.out
    ((kind, severity, message),) = findings(twice)
    assert (kind, severity) == ("MCPServerSettings", "error")
    assert message.endswith("s.yaml:1 already: keep one")


NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: team-a, labels: {mcp-admission.dev/managed: "true"}}
"""


@pytest.mark.parametrize(
    ("words", "manifest"),
    [(["--managed"], DEPLOYMENT), (["n.yaml"], NAMESPACE)],
    ids=["an option", "a manifest"],
)
def test_an_exception_that_pod_security_defeats_in_a_managed_namespace_says_so(
    review: Review, words: list[str], manifest: str
) -> None:
    """The rules of the product let the workload pass, and the API server does not."""
    files = {"d": PRIVILEGED, "e": exception(), "n": manifest}
    printed = review("d.yaml", "e.yaml", *words, "-o", "json", **files)

    ((_, severity, message),) = findings(printed)
    assert severity == "warning"
    assert message.startswith(
        "spec.rules: Pod Security of namespace team-a (restricted) still refuses what run-as-user "
        "objects to: set mcpNamespace.podSecurity.enforce to baseline there"
    )


def test_where_pod_security_refuses_nothing_nothing_is_said(review: Review) -> None:
    off = "mcpNamespace: {podSecurity: {enabled: false}}"
    files = {"d": PRIVILEGED, "e": exception(), "s": off}
    words = ("d.yaml", "e.yaml", "--managed", "--settings", "s.yaml", "-o", "json")

    assert findings(review(*words, **files)) == []
