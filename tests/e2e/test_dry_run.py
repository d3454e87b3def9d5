"""What the cluster would make of a manifest can be seen before it does."""

import yaml

from tests.builders import bare_pod, container, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product


def test_dry_run_shows_the_hardened_deployment_and_stores_nothing(
    product: Product, namespace: Namespace
) -> None:
    before = product.metric("reviews_total", dry_run="true", kind="Deployment")
    shown = namespace.apply(server(), "--dry-run=server", "-o", "yaml")

    spec = yaml.safe_load(shown.stdout)["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsUser"] == 1000
    assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert product.metric("reviews_total", dry_run="true", kind="Deployment") == before + 2
    assert_nothing_is_stored(namespace)


def test_dry_run_shows_the_hardened_pod_and_stores_nothing(namespace: Namespace) -> None:
    shown = namespace.apply(bare_pod(), "--dry-run=server", "-o", "yaml")

    spec = yaml.safe_load(shown.stdout)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert "volumes" not in spec
    assert_nothing_is_stored(namespace)


def test_diff_of_a_new_server_shows_what_would_be_filled_in(namespace: Namespace) -> None:
    shown = diff(namespace, server())

    assert "400Mi" in shown
    assert "+        runAsNonRoot: true\n" in shown
    assert_nothing_is_stored(namespace)


def test_diff_of_a_stored_server_shows_only_what_its_author_changed(namespace: Namespace) -> None:
    namespace.apply(server())
    assert namespace.template()

    changed = diff(namespace, server(containers=[container(image="registry.example/mcp:2")]))

    assert [line for line in changed.splitlines() if line.startswith(("+ ", "- "))] == [
        "-  generation: 1",
        "+  generation: 2",
        "-      - image: registry.example/mcp:1",
        "+      - image: registry.example/mcp:2",
    ]
    assert namespace.deployment()["metadata"]["generation"] == 1
    assert diff(namespace, server(), differs=False) == ""


def diff(namespace: Namespace, manifest: object, *, differs: bool = True) -> str:
    """What `kubectl diff` prints; its exit code says whether there is a difference."""
    arguments = ("diff", "-f", "-")
    assert isinstance(manifest, dict)
    shown = namespace.kubectl(*arguments, sent=manifest, as_user=namespace.tenant, check=False)
    assert (shown.returncode, shown.stderr) == (int(differs), "")
    return shown.stdout


def assert_nothing_is_stored(namespace: Namespace) -> None:
    for resource in ("deployments", "replicasets", "pods", "events"):
        assert namespace.get(resource)["items"] == []
