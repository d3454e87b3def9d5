"""No disguise gets a pod the credential of a ServiceAccount that it may not have."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, OPTED_IN, Manifest, bare_pod, container, server
from tests.scenarios.cluster import Cluster

TOKEN = {"path": "token", "expirationSeconds": 3600}
PLUGIN = "kube-api-access-a1b2c"


def with_token(name: str, *sources: Any) -> Manifest:
    mount = {"name": name, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    return bare_pod(
        labels=NOT_LABELLED,
        containers=[container(volumeMounts=[mount])],
        volumes=[{"name": name, "projected": {"sources": list(sources)}}],
    )


REFUSED = {
    "under another name": with_token("token", {"serviceAccountToken": TOKEN}),
    "for another audience": with_token(
        PLUGIN, {"serviceAccountToken": {**TOKEN, "audience": "vault"}}
    ),
    "for another audience under any name": with_token(
        "anything", {"serviceAccountToken": {**TOKEN, "audience": "vault"}}
    ),
    "at another path": with_token(PLUGIN, {"serviceAccountToken": {"path": "tokens"}}),
    "at another path under any name": with_token(
        "anything", {"serviceAccountToken": {"path": "tokens"}}
    ),
    "beside something else": with_token(
        PLUGIN, {"serviceAccountToken": TOKEN}, {"secret": {"name": "keys"}}
    ),
    "twice": with_token(
        PLUGIN,
        {"serviceAccountToken": TOKEN},
        {"serviceAccountToken": {"path": "other", "audience": "https://kubernetes.default.svc"}},
    ),
    "as a certificate": with_token(
        "own",
        {
            "podCertificate": {
                "signerName": "kubernetes.io/kube-apiserver-client-pod",
                "keyType": "ED25519",
                "credentialBundlePath": "bundle",
            }
        },
    ),
    "by asking for it": bare_pod(labels=NOT_LABELLED, automountServiceAccountToken=True),
}


@pytest.mark.parametrize("labels", [OPTED_IN, NOT_LABELLED], ids=["namespace", "managed"])
@pytest.mark.parametrize("manifest", REFUSED.values(), ids=REFUSED)
def test_a_token_is_refused_in_every_disguise(
    clusters: Callable[..., Cluster], manifest: Manifest, labels: Mapping[str, str]
) -> None:
    cluster = clusters(managed=labels is NOT_LABELLED)
    pod = {**manifest, "metadata": {**manifest["metadata"], "labels": dict(labels)}}

    assert cluster.create(pod).refused_by == {"service-account-token"}


def test_the_token_that_is_mounted_already_is_taken_away(cluster: Cluster) -> None:
    stored = cluster.create(bare_pod()).stored

    assert "volumes" not in stored["spec"]
    assert "volumeMounts" not in stored["spec"]["containers"][0]
    assert stored["spec"]["automountServiceAccountToken"] is False


def test_a_token_that_looks_like_the_plugins_is_taken_away_like_it(managed: Cluster) -> None:
    stored = managed.create(with_token(PLUGIN, {"serviceAccountToken": TOKEN})).stored

    assert "volumes" not in stored["spec"]
    assert "volumeMounts" not in stored["spec"]["containers"][0]
    assert stored["spec"]["automountServiceAccountToken"] is False


def test_the_token_annotation_alone_is_not_enough_in_a_managed_namespace(managed: Cluster) -> None:
    pod = with_token("token", {"serviceAccountToken": TOKEN})
    pod["metadata"]["annotations"] = {"mcp-admission.dev/service-account-token": "true"}

    refused = managed.create(pod)

    assert refused.refused_by == {"service-account-token"}
    assert any("is not allowed here" in warning for warning in refused.warnings)


def test_a_token_in_a_template_is_refused_there(managed: Cluster) -> None:
    deployment = server(labels=NOT_LABELLED)
    pod = with_token("token", {"serviceAccountToken": TOKEN})
    deployment["spec"]["template"]["spec"] = pod["spec"]

    assert managed.create(deployment).refused_by == {"service-account-token"}
