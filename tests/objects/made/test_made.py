"""All that is made for a server and for its namespace, and what becomes of the rest."""

import subprocess
import sys

import pytest

from tests.objects.case import (
    SECRET_UID,
    Json,
    assert_valid,
    deployment,
    secret,
    secret_of,
    server,
    settings_of,
)
from webhook.admission import Scope
from webhook.objects.configuration import ServerConfiguration, revision
from webhook.objects.deployed_server import server_of
from webhook.objects.made import Made, namespace_objects, server_objects
from webhook.settings.model import Settings
from webhook.settings.rule_settings import Secrets

RELEASE = "mcp-admission-system"
ASKS = {"config-from": "values", "file-keys": "a.pem", "egress": "10.1.0.0/16"}
GRANTED = settings_of(egressCeilings=["10.1.0.0/16"])
SOURCE = secret_of({"TOKEN": b"hunter2", "a.pem": b"x"})
SECRETS = (("Secret", "github-tools-mcp-config"), ("Secret", "github-tools-mcp-files"))


def called(made: Made) -> list[tuple[str, str]]:
    return [(each["kind"], each["metadata"]["name"]) for each in made.objects]


def test_a_server_that_asks_for_everything() -> None:
    made = server_objects(server(asks=ASKS), GRANTED, SOURCE)

    assert_valid(*made.objects)
    assert called(made) == [
        *SECRETS,
        ("Service", "github-tools-mcp"),
        ("NetworkPolicy", "github-tools-mcp-access"),
    ]
    env = {"TOKEN": b"hunter2", "a.pem": b"/files/a.pem"}
    content = ServerConfiguration(env, {"a.pem": b"x"}, SECRET_UID)
    assert made == Made(made.objects, revision=revision(content))


def test_where_no_secrets_are_copied_existing_copies_are_kept_and_the_rest_is_made() -> None:
    settings = settings_of(egressCeilings=["10.1.0.0/16"])
    none = settings.model_copy(update={"secrets": Secrets(copy=False)})
    made = server_objects(server(asks=ASKS), none, None)

    assert called(made) == [
        ("Service", "github-tools-mcp"),
        ("NetworkPolicy", "github-tools-mcp-access"),
    ]
    (refused,) = made.refusals
    assert "the setting secrets.copy is false: name existing Secrets with" in refused.note
    assert (made.keeps, made.revision) == (SECRETS, None)
    assert server_objects(server(), none, None).refusals == ()


def test_a_server_that_asks_for_nothing_has_a_service() -> None:
    made = server_objects(server(), Settings(), None)

    assert called(made) == [("Service", "github-tools-mcp")]
    assert made == Made(made.objects)


def test_until_it_rolls_its_service_selects_nothing() -> None:
    (made,) = server_objects(server(), Settings(), None, selecting=False).objects

    assert "selector" not in made["spec"]


SERVICE = ("Service", "github-tools-mcp")
REFUSED = [
    pytest.param({"ports": []}, GRANTED, SOURCE, [SERVICE], 3, id="service"),
    pytest.param({}, GRANTED, None, list(SECRETS), 2, id="configuration"),
    pytest.param({}, Settings(), SOURCE, [], 3, id="policy"),
    pytest.param({"ports": []}, Settings(), None, [*SECRETS, SERVICE], 0, id="all"),
]  # fmt: skip


@pytest.mark.parametrize(("tweak", "settings", "source", "keeps", "made"), REFUSED)
def test_what_is_refused_stops_nothing_else_and_takes_no_secret_from_pods(
    tweak: Json, settings: Settings, source: Json | None, keeps: list[tuple[str, str]], made: int
) -> None:
    found = server_objects(server(asks=ASKS, **tweak), settings, source)

    assert list(found.keeps) == keeps
    assert len(found.objects) == made
    assert found.refusals
    assert (found.revision is None) == (source is None)


def test_places_that_differ_refuse_what_they_are_about_alone() -> None:
    document = deployment(asks={"egress": "10.1.0.0/16"})
    template = document["spec"]["template"]["metadata"]
    template["annotations"] = {"mcp-admission.dev/egress": "10.1.2.0/24"}

    found = server_objects(server_of(document), GRANTED, None)

    assert [refusal.reason for refusal in found.refusals] == ["EgressContradicts"]
    assert called(found) == [("Service", "github-tools-mcp")]


@pytest.mark.parametrize(
    "source",
    [
        secret(TOKEN=b"hunter2\0"),
        secret(TOKEN=b"hunter2" * 20_000),
        secret_of({"TOKEN": b"hunter2", "x": b"hunter2\xff"}),
        secret(kind="kubernetes.io/service-account-token", token=b"hunter2"),
    ],
)
def test_no_refusal_repeats_a_value(source: Json) -> None:
    (refusal,) = server_objects(server(asks={"config-from": "values"}), Settings(), source).refusals

    assert "hunter2" not in refusal.note
    assert "hunter2" not in repr(refusal)
    assert refusal.__traceback__ is None, "its frames hold every value"
    assert refusal.__context__ is None


def test_a_secret_that_only_a_manifest_knows_has_no_revision() -> None:
    source = secret(TOKEN=b"t")
    del source["metadata"]["uid"]

    assert (
        server_objects(server(asks={"config-from": "values"}), Settings(), source).revision is None
    )


@pytest.mark.parametrize(
    ("scope", "settings", "kinds"),
    [
        (Scope.MANAGED, Settings(), ["Namespace", "NetworkPolicy"]),
        (Scope.OPTED_IN, Settings(), ["NetworkPolicy"]),
        (Scope.MANAGED, settings_of(enabled=False), ["Namespace"]),
        (Scope.OPTED_IN, settings_of(enabled=False), []),
        (Scope.MANAGED, Settings(mode="warn"), []),
        (Scope.OPTED_IN, Settings(mode="observe"), []),
    ],
)
def test_a_namespace_gets_the_objects_of_its_scope(
    scope: Scope, settings: Settings, kinds: list[str]
) -> None:
    made = namespace_objects("tools", settings, RELEASE, scope)

    assert_valid(*made)
    assert [each["kind"] for each in made] == kinds


def test_below_enforce_a_server_gets_nothing() -> None:
    assert server_objects(server(asks=ASKS), Settings(mode="warn"), SOURCE) == Made()


def test_the_same_input_makes_the_same_objects_whatever_the_hash_seed() -> None:
    program = (
        "import json; from tests.objects.made import test_made as t;"
        "print(json.dumps(t.server_objects(t.server(asks=t.ASKS), t.GRANTED, t.SOURCE)[0]))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(printed) == 1
