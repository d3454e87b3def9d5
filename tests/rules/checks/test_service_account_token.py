"""service-account-token: no credential of the cluster in a pod that does not ask, or may not."""

from copy import deepcopy
from typing import Any

import pytest

from tests.in_memory.defaults import TOKEN_PATH, TOKEN_VOLUME, with_plugins
from tests.rules.case import Json, base, filled, refused, settings_of
from webhook.rules.checks.service_account_token import RULE
from webhook.settings.model import Settings

ASKING = "mcp-admission.dev/service-account-token"
NAME = "mcp-admission.dev/name"
OFF = {"op": "add", "path": "/spec/automountServiceAccountToken", "value": False}
MUST_BE_FALSE = (
    f"automountServiceAccountToken must be false: {ASKING} does not ask, or is not allowed to"
)
NOT_HERE = f"metadata.annotations[{ASKING}] is not allowed here: ask the cluster administrator"
MOUNT = {"name": TOKEN_VOLUME["name"], "mountPath": TOKEN_PATH, "readOnly": True}
OWN_MOUNT = {"name": "data", "mountPath": "/data"}
TOKEN = {"serviceAccountToken": {"path": "token", "audience": "vault"}}
CERTIFICATE = {"podCertificate": {"signerName": "example.com/tools", "keyType": "ED25519"}}
CREDENTIALS = [
    pytest.param(TOKEN, id="token"),
    pytest.param({"serviceAccountToken": {"path": "token"}}, id="token-of-the-default-audience"),
    pytest.param({"serviceAccountToken": {}}, id="token-that-says-nothing"),
    pytest.param({"serviceAccountToken": ""}, id="token-of-another-shape"),
    pytest.param(CERTIFICATE, id="pod-certificate"),
    pytest.param({"podCertificate": {}}, id="certificate-that-says-nothing"),
]
HARMLESS: list[Json] = [
    {"clusterTrustBundle": {"name": "roots", "path": "roots.pem"}},
    {"configMap": {"name": "kube-root-ca.crt"}},
    {"downwardAPI": {"items": []}},
    {"secret": {"name": "keys"}},
    {"serviceAccountToken": None, "podCertificate": None},
    {},
]


def asking(pod: Json, value: Any = "true", **labels: str) -> Json:
    """The pod with the annotation that asks for a token."""
    pod["metadata"] |= {"annotations": {ASKING: value}, "labels": {NAME: "tools", **labels}}
    return pod


def projecting(*sources: Json, name: str = "v") -> Json:
    volume = {"name": name, "projected": {"sources": deepcopy(list(sources))}}
    return base(automountServiceAccountToken=False, volumes=[volume])


def tokens(opted_in: str = "allow", managed: str = "forbid", *names: str) -> Settings:
    return settings_of(
        serviceAccountTokens={"optedIn": opted_in, "managed": managed, "names": list(names)}
    )


FILLED = [
    pytest.param(base(), [OFF], id="absent"),
    pytest.param(base(automountServiceAccountToken=None), [{**OFF, "op": "replace"}], id="null"),
    pytest.param(base(automountServiceAccountToken=False), [], id="false"),
    pytest.param(base(automountServiceAccountToken=True), [], id="true-is-for-the-check"),
    pytest.param(asking(base()), [], id="asked-for"),
    pytest.param(asking(base(), "false"), [OFF], id="not-asked-for"),
    pytest.param(asking(base(), value=True), [OFF], id="asked-for-in-another-type"),
]


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_the_token_is_switched_off(pod: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod) == operations
    assert filled(RULE, pod) == []


def mounted(volumes: list[Json], *mounts: list[Json]) -> Json:
    containers = [{"name": f"c{at}", "volumeMounts": deepcopy(m)} for at, m in enumerate(mounts)]
    return base(volumes=deepcopy(volumes), containers=containers)


def without_the_volume(*mounts: int) -> list[Json]:
    return [
        *({"op": "remove", "path": f"/spec/containers/{at}/volumeMounts"} for at in mounts),
        {"op": "remove", "path": "/spec/volumes"},
    ]


OPENSHIFT = {
    "name": "kube-api-access-a",
    "projected": {
        "sources": [
            *TOKEN_VOLUME["projected"]["sources"],
            {"configMap": {"name": "openshift-service-ca.crt"}},
        ]
    },
}
UNMOUNTED = [
    pytest.param(
        mounted([TOKEN_VOLUME], [MOUNT], [MOUNT]), without_the_volume(0, 1), id="all-of-the-plugins"
    ),
    pytest.param(
        mounted([OPENSHIFT], [{**MOUNT, "name": "kube-api-access-a"}]),
        without_the_volume(0),
        id="with-the-CA-of-OpenShift",
    ),
    pytest.param(mounted([TOKEN_VOLUME], []), without_the_volume(), id="volume-without-a-mount"),
    pytest.param(
        mounted([{"name": "data"}, TOKEN_VOLUME], [MOUNT, OWN_MOUNT, MOUNT], [OWN_MOUNT]),
        [
            {"op": "remove", "path": "/spec/containers/0/volumeMounts/2"},
            {"op": "remove", "path": "/spec/containers/0/volumeMounts/0"},
            {"op": "remove", "path": "/spec/volumes/1"},
        ],
        id="own-volumes-and-mounts-stay",
    ),
    pytest.param(
        mounted([{**TOKEN_VOLUME, "name": "kube-api-access"}], [MOUNT]), [], id="another-name"
    ),
    pytest.param(mounted([{"name": "kube-api-access-a"}], []), [], id="the-name-alone"),
    pytest.param(
        mounted([{"name": "kube-api-access-a", "projected": {"sources": []}}], []),
        [],
        id="without-sources",
    ),
    pytest.param(
        mounted([{"name": "kube-api-access-a", "projected": {"sources": ["text"]}}], []),
        [],
        id="a-source-of-another-shape",
    ),
    pytest.param(
        mounted([{"name": "kube-api-access-a", "projected": {"sources": [TOKEN]}}], []),
        [],
        id="token-of-another-audience",
    ),
    pytest.param(
        mounted([{"name": "kube-api-access-a", "projected": {"sources": [CERTIFICATE]}}], []),
        [],
        id="certificate",
    ),
    pytest.param(
        mounted(
            [{"name": "kube-api-access-a", "projected": {"sources": [
                *TOKEN_VOLUME["projected"]["sources"], {"secret": {"name": "own"}}]}}],
            [],
        ),
        [],
        id="something-of-the-authors-inside",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "operations"), UNMOUNTED)
def test_the_volume_of_the_plugin_goes_with_its_mounts(pod: Json, operations: list[Json]) -> None:
    pod["spec"]["automountServiceAccountToken"] = False

    assert filled(RULE, pod) == operations
    assert filled(RULE, pod) == []


def test_a_template_holds_no_volume_of_the_plugin_to_remove() -> None:
    assert filled(RULE, mounted([TOKEN_VOLUME], [MOUNT]), kind="Deployment") == [OFF]


def test_a_volume_stays_where_the_token_is_switched_on_by_its_author() -> None:
    pod = base(automountServiceAccountToken=True)

    assert filled(RULE, with_plugins(pod)) == []


REFUSED = [
    pytest.param(base(automountServiceAccountToken=False), [], id="false"),
    pytest.param(base(), [MUST_BE_FALSE], id="absent"),
    pytest.param(base(automountServiceAccountToken=True), [MUST_BE_FALSE], id="true"),
    pytest.param(base(automountServiceAccountToken="false"), [MUST_BE_FALSE], id="text"),
    pytest.param(base(automountServiceAccountToken=0), [MUST_BE_FALSE], id="number"),
    pytest.param(projecting(*HARMLESS), [], id="other-sources"),
    pytest.param(
        projecting(TOKEN, *HARMLESS, CERTIFICATE, CERTIFICATE),
        [
            "volumes[v].projected.sources[0].serviceAccountToken is not allowed",
            "volumes[v].projected.sources[7].podCertificate is not allowed",
            "volumes[v].projected.sources[8].podCertificate is not allowed",
        ],
        id="each-of-several",
    ),
    pytest.param(
        projecting({**TOKEN, **CERTIFICATE}),
        [
            "volumes[v].projected.sources[0].serviceAccountToken is not allowed",
            "volumes[v].projected.sources[0].podCertificate is not allowed",
        ],
        id="both-in-one-source",
    ),
]


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses_every_token_that_is_left(pod: Json, messages: list[str]) -> None:
    assert refused(RULE, pod) == messages
    assert refused(RULE, asking(pod)) == []


@pytest.mark.parametrize("name", ["v", "kube-api-access-a1b2c"])
@pytest.mark.parametrize("source", CREDENTIALS)
def test_a_credential_is_refused_under_any_name(source: Json, name: str) -> None:
    (key,) = source
    pod = projecting(*HARMLESS, source, name=name)

    assert filled(RULE, pod) == []
    assert refused(RULE, pod) == [f"volumes[{name}].projected.sources[6].{key} is not allowed"]


MAY = [
    pytest.param(tokens(), {}, True, id="opted-in"),
    pytest.param(tokens(), {"managed": True}, False, id="managed"),
    pytest.param(tokens("forbid"), {}, False, id="opted-in-forbidden"),
    pytest.param(tokens("forbid", "allow"), {"managed": True}, True, id="managed-allowed"),
    pytest.param(tokens("forbid", "forbid", "team/tools"), {"namespace": "team"}, True, id="named"),
    pytest.param(
        tokens("forbid", "forbid", "team/tools"),
        {"namespace": "team", "managed": True},
        True,
        id="named-in-a-managed-namespace",
    ),
    pytest.param(
        tokens("forbid", "forbid", "team/tools"), {"namespace": "other"}, False, id="elsewhere"
    ),
    pytest.param(
        tokens("forbid", "forbid", "team/other"), {"namespace": "team"}, False, id="another-server"
    ),
]


@pytest.mark.parametrize(("settings", "origin", "allowed"), MAY)
def test_who_asks_gets_what_the_settings_allow(
    settings: Settings, origin: Json, allowed: bool
) -> None:
    pod = asking(base(automountServiceAccountToken=True))

    messages = refused(RULE, pod, settings, **origin)

    assert messages == ([] if allowed else [NOT_HERE, MUST_BE_FALSE])
