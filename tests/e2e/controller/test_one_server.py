"""From `kubectl apply` of one labelled Deployment to a running pod, and out again."""

import base64

import pytest

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import (
    CONFIG,
    NAME,
    POLICIES,
    SERVICE,
    deployed,
    events,
    made,
    policies,
    revision,
    rolled_out,
    secret,
    server,
    values,
)
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object

CAUSE = "kubernetes.io/change-cause"


def said(namespace: Namespace) -> Object:
    """The annotations of the Deployment."""
    found: Object = namespace.deployment()["metadata"]["annotations"]
    return found


def test_all_objects_of_a_server_are_made_as_the_reference_page_has_them(
    control: Control, namespace: Namespace
) -> None:
    (pod,) = deployed(namespace)

    assert pod["status"]["phase"] == "Running"
    assert len(namespace.replica_sets()) == 1, "its pods began with the values, and need not roll"
    (container,) = pod["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": f"{NAME}-mcp-config"}}]
    assert container["volumeMounts"] == [
        {"name": "mcp-files", "mountPath": "/files", "readOnly": True}
    ]
    assert container["securityContext"]["runAsUser"] == 1000

    services = made(namespace, "services")
    spec = services[SERVICE]["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{"name": "mcp", "port": 80, "protocol": "TCP", "targetPort": "mcp"}]
    assert spec["selector"] == {builders.SERVER: "true", builders.NAME: NAME}
    secrets = made(namespace, "secrets")
    assert values(secrets[f"{NAME}-mcp-config"]) == {**CONFIG, "client.pem": "/files/client.pem"}
    assert values(secrets[f"{NAME}-mcp-files"]) == {"client.pem": "PEM"}
    assert set(secrets) == {f"{NAME}-mcp-config", f"{NAME}-mcp-files"}
    baseline = policies(namespace)["mcp-admission-baseline"]["spec"]
    assert baseline["podSelector"] == {"matchLabels": {builders.SERVER: "true"}}
    assert set(policies(namespace)) == {"mcp-admission-baseline"}
    uid = namespace.deployment()["metadata"]["uid"]
    for each in (services[SERVICE], *secrets.values()):
        assert each["metadata"]["ownerReferences"] == [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME, "uid": uid}
        ]


def test_a_changed_secret_value_rolls_the_pods_and_a_changed_label_does_not(
    control: Control, namespace: Namespace
) -> None:
    (before,) = deployed(namespace)
    first = revision(namespace)
    namespace.kubectl("label", "secret", "crm", "team=a")
    namespace.apply(secret("crm", {**CONFIG, "API_URL": "https://other.example"}))
    namespace.cluster.wait_for("another revision", lambda: revision(namespace) != first)
    (after,) = rolled_out(namespace)

    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    config = made(namespace, "secrets")[f"{NAME}-mcp-config"]
    assert values(config)["API_URL"] == "https://other.example"
    cause = "mcp-admission: the configuration from the Secret crm has changed"
    namespace.cluster.wait_for("end of the change-cause", lambda: CAUSE not in said(namespace))
    (event,) = events(namespace.cluster, namespace.name)
    assert (event["type"], event["reason"]) == ("Normal", "ConfigChanged")
    assert event["regarding"]["name"] == NAME
    assert "from the Secret crm has changed" in event["note"]
    namespace.kubectl("rollout", "restart", f"deployment/{NAME}")
    namespace.cluster.wait_for("their roll", lambda: len(namespace.replica_sets(NAME)) == 3)
    kept = [each["metadata"]["annotations"] for each in namespace.get("replicasets")["items"]]
    assert sorted(each.get(CAUSE, "") for each in kept) == ["", "", cause]


def test_the_change_cause_of_an_author_stays_when_a_secret_rolls_the_pods(
    control: Control, namespace: Namespace
) -> None:
    deployed(namespace)
    first = revision(namespace)
    namespace.kubectl("annotate", "deployment", NAME, f"{CAUSE}=release 1")
    namespace.apply(secret("crm", {**CONFIG, "API_URL": "https://other.example"}))
    namespace.cluster.wait_for("another revision", lambda: revision(namespace) != first)
    # A cause of ours would go once the ReplicaSet has it.
    rolled_out(namespace)

    assert said(namespace)[CAUSE] == "release 1"


def test_a_key_that_is_removed_from_the_config_secret_is_removed_from_ours(
    control: Control, namespace: Namespace
) -> None:
    deployed(namespace)
    left = {key: base64.b64encode(CONFIG[key].encode()).decode() for key in CONFIG}
    body = {"data": {**left, "EMPTY": None}}
    assert namespace.raw("PATCH", "secrets/crm", body, MERGE_PATCH).status == 200

    def gone() -> bool:
        return "EMPTY" not in made(namespace, "secrets")[f"{NAME}-mcp-config"]["data"]

    namespace.cluster.wait_for("Secret without the key", gone)


def test_opting_out_deletes_all_objects_after_the_rollout_and_the_pods_run_on(
    control: Control, namespace: Namespace
) -> None:
    deployed(namespace)
    namespace.kubectl("label", "deployment", NAME, f"{builders.SERVER}=false", "--overwrite")

    def nothing_left() -> bool:
        left = [made(namespace, resource) for resource in ("services", "secrets")]
        return not any(left) and not policies(namespace)

    namespace.cluster.wait_for("nothing that was made", nothing_left)
    (pod,) = rolled_out(namespace)
    assert builders.SERVER not in pod["metadata"]["labels"]
    assert "envFrom" not in pod["spec"]["containers"][0]
    assert namespace.get("secrets/crm")["metadata"]["name"] == "crm"


@pytest.mark.parametrize(
    ("resource", "name", "change"),
    [
        ("services", SERVICE, {"spec": {"selector": {"app": "other", builders.NAME: None}}}),
        ("services", SERVICE, {"spec": {"ports": [{"port": 81, "name": "more"}]}}),
        ("secrets", f"{NAME}-mcp-config", {"data": {"API_URL": "aGFoYQ==", "MORE": "aGFoYQ=="}}),
        ("services", SERVICE, {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}),
    ],
    ids=["selector", "ports", "values", "label"],
)
def test_an_edited_object_of_a_server_is_put_right_within_seconds(
    control: Control, namespace: Namespace, resource: str, name: str, change: Object
) -> None:
    deployed(namespace)
    before = made(namespace, resource)[name]
    place = f"{resource}/{name}"
    assert namespace.raw("PATCH", place, change, MERGE_PATCH).status == 200

    def put_right() -> bool:
        found = namespace.get(place)
        kept = ("spec", "data", "type")
        return [found.get(key) for key in kept] == [before.get(key) for key in kept] and found[
            "metadata"
        ]["labels"] == before["metadata"]["labels"]

    namespace.cluster.wait_for("the object as it was", put_right, 15)
    assert namespace.get(place)["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_deleted_object_of_a_server_is_made_again(control: Control, namespace: Namespace) -> None:
    deployed(namespace)
    things = [
        namespace.path(f"services/{SERVICE}"),
        namespace.path(f"secrets/{NAME}-mcp-config"),
        f"{POLICIES.format(namespace.name)}/mcp-admission-baseline",
    ]
    uids = [namespace.cluster.get(thing)["metadata"]["uid"] for thing in things]
    for thing in things:
        assert namespace.cluster.raw("DELETE", thing).status == 200

    def there_again() -> bool:
        answers = [namespace.cluster.raw("GET", thing) for thing in things]
        return all(
            answer.status == 200 and answer.json()["metadata"]["uid"] != uid
            for answer, uid in zip(answers, uids, strict=True)
        )

    namespace.cluster.wait_for("all of them again", there_again, 15)


def file_of(namespace: Namespace) -> str | None:
    """What the server finds in its file, once it has one."""
    found = made(namespace, "secrets").get(f"{NAME}-mcp-files")
    return values(found)["client.pem"] if found else None


def test_an_object_of_somebody_else_is_untouched_and_reported_once(
    control: Control, namespace: Namespace
) -> None:
    theirs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"{NAME}-mcp-config",
            "labels": {"app.kubernetes.io/managed-by": "mcp-admission"},
        },
        "stringData": {"their": "value"},
    }
    namespace.apply(theirs)
    stored = namespace.get(f"secrets/{NAME}-mcp-config")
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(server())
    namespace.cluster.wait_for("Event", lambda: events(namespace.cluster, namespace.name))
    namespace.apply(secret("crm", {**CONFIG, "client.pem": "another"}))
    namespace.cluster.wait_for("another look", lambda: file_of(namespace) == "another")
    assert SERVICE in made(namespace, "services")

    (event,) = events(namespace.cluster, namespace.name)
    assert event["reason"] == "NameTaken"
    assert event["regarding"]["kind"] == "Deployment"
    assert event["regarding"]["name"] == NAME
    assert f"Secret {NAME}-mcp-config belongs to somebody else" in event["note"]
    assert namespace.get(f"secrets/{NAME}-mcp-config") == stored


def test_a_missing_config_secret_is_reported_in_the_words_of_the_field(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(server())
    namespace.cluster.wait_for("Event", lambda: events(namespace.cluster, namespace.name))
    (event,) = events(namespace.cluster, namespace.name)
    assert event["reason"] == "ConfigMissing"
    assert "metadata.annotations[mcp-admission.dev/config-from] names crm" in event["note"]

    namespace.apply(secret("crm", CONFIG))
    namespace.cluster.wait_for("both Secrets", lambda: len(made(namespace, "secrets")) == 2)
    rolled_out(namespace)


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_a_deleted_server_takes_all_of_its_objects_away(
    control: Control, namespace: Namespace, cascade: str
) -> None:
    deployed(namespace)
    namespace.kubectl("delete", "deployment", NAME, "--wait=false", f"--cascade={cascade}")

    def nothing_left() -> bool:
        left = [made(namespace, resource) for resource in ("services", "secrets")]
        return not any(left) and not policies(namespace)

    namespace.cluster.wait_for("nothing that was made", nothing_left, 60)
    assert namespace.get("secrets/crm")
