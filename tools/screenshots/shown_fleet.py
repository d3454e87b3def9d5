"""What the pictures show: the manifests of `manifests/examples`, as four teams have them.

Some were there before the product, and the settings change once all of them run: so each state of
a server is seen, and there is something to roll.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from tools.chart.helm import MANIFESTS
from tools.cluster.control_plane import ControlPlane
from tools.release.release import WAIT, Release
from webhook.settings.exception_document import EXCEPTION_KIND
from webhook.settings.load import API_VERSION, KIND, NAME
from webhook.settings.namespace_layer import NAMESPACE_KIND

Json = dict[str, Any]

ROLLED, REFUSED, OBSERVED = "engineering", "sales", "research"
BEFORE = {
    REFUSED: ("contradictory-bridge", "init-says-root", "two-ports"),
    OBSERVED: ("hpa", "scratch-image-uid-0", "token-without-asking"),
}
AFTER = {
    ROLLED: ("in-cluster-client", "minimal", "npx-bridge", "stricter-uid", "three-replicas"),
    "operations": ("already-hardened", "cloud-identity", "empty-contexts", "group-zero"),
    REFUSED: ("config-and-files",),
    OBSERVED: ("own-placement",),
}
EXCEPTIONS = (
    ("desktop-gateway", "run-as-non-root", 30, "its next version prepares without root"),
    ("vpn-bridge", "capabilities", 3, "moves to a tunnel outside the cluster"),
    ("time-tracker", "run-as-user", 60, "its first version wrote as root"),
)
"""Server, rule, days that it counts, and reason."""
NEW_SETTINGS = {"mcpServerDefaults": {"resources": {"requests": {"memory": "256Mi"}}}}
SANDBOX = "gvisor"
WAITS = "gpu-tools"


def show_fleet(release: Release) -> None:
    """Bring everything into the cluster; returns when it is as it stays."""
    cluster = release.cluster
    for namespace in BEFORE | AFTER:
        cluster.named_namespace(namespace, {})
    _apply_examples(cluster, BEFORE)
    release.install("--set", "delegated={mode}", "--wait", "--timeout", WAIT)
    applied(cluster, OBSERVED, _document(NAMESPACE_KIND, NAME, {"mode": "observe"}))
    sandbox = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "runsc"}
    applied(cluster, "default", {**sandbox, "metadata": {"name": SANDBOX}})
    for name, rule, days, reason in EXCEPTIONS:
        applied(cluster, REFUSED, _exception(name, rule, days, reason))
    _apply_examples(cluster, AFTER)
    release.wait_for("running servers", lambda: _all_run(release))
    applied(cluster, "default", _document(KIND, NAME, NEW_SETTINGS))


def applied(cluster: ControlPlane, namespace: str, *objects: Json) -> None:
    """Apply them as an administrator would."""
    words = ("apply", "--server-side", "--namespace", namespace, "--filename", "-")
    cluster.kubectl(*words, sent=objects)


def _apply_examples(cluster: ControlPlane, examples: Mapping[str, tuple[str, ...]]) -> None:
    for namespace, names in examples.items():
        for name in names:
            text = (MANIFESTS / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
            applied(cluster, namespace, *yaml.safe_load_all(text))


def _document(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _exception(name: str, rule: str, days: int, reason: str) -> Json:
    spec = {
        "workload": {"namespace": REFUSED, "name": name},
        "rules": [rule],
        "reason": reason,
        "expires": f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
    }
    return _document(EXCEPTION_KIND, f"{name}-{rule}", spec)


def _all_run(release: Release) -> bool:
    """Whether each server has a pod that runs, but for the one that no node takes."""
    found = [pod for namespace in BEFORE | AFTER for pod in release.pods(namespace)]
    others = [pod for pod in found if pod["metadata"].get("labels", {}).get("app") != WAITS]
    return bool(others) and all(pod["status"].get("phase") == "Running" for pod in others)
