"""The rights that are shipped: valid, and none where the network reaches."""

from typing import Any

import kubernetes_validate
import pytest

from tools.chart.shipped import RIGHTS, shipped

MANIFESTS = shipped(*RIGHTS)


def name(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def of(kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in MANIFESTS if manifest["kind"] == kind]


@pytest.mark.parametrize("version", ["1.34", "1.37"])
@pytest.mark.parametrize("manifest", MANIFESTS, ids=name)
def test_the_rbac_manifests_are_valid(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_no_role_is_bound_to_the_service_account_of_serve() -> None:
    bound = [
        subject["name"]
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in of(kind)
        for subject in binding["subjects"]
        if subject["kind"] == "ServiceAccount"
    ]
    (serve,) = [one for one in of("ServiceAccount") if one["metadata"]["name"] not in bound]

    assert set(bound) == {"mcp-admission-certificates", "mcp-admission-control"}
    assert serve["automountServiceAccountToken"] is False


def test_no_rule_has_a_wildcard_and_only_those_of_servers_are_read_without_a_name() -> None:
    unnamed = []
    for role in [*of("Role"), *of("ClusterRole")]:
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            if "secrets" not in rule["resources"] or rule["verbs"] == ["create"]:
                continue
            if "resourceNames" in rule:
                assert rule["resourceNames"] == ["mcp-admission-ca", "mcp-admission-tls"]
            else:
                unnamed.append(name(role))

    assert unnamed == ["ClusterRole mcp-admission-control"]
