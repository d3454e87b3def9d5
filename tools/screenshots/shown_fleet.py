"""What the pictures show: the manifests of `manifests/examples`, as four teams have them.

Some were there before the product, one waits for a node and one for its Secret, and the settings
change once the others run: so each state of a server is seen, and there is something to roll.
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
    ROLLED: ("already-hardened", "in-cluster-client", "minimal", "npx-bridge", "stricter-uid"),
    "operations": ("cloud-identity", "empty-contexts", "group-zero", "own-placement"),
    REFUSED: ("config-and-files",),
    OBSERVED: ("three-replicas",),
}
EXCEPTIONS = (
    ("desktop-gateway", "run-as-non-root", 30, "its next version prepares without root"),
    ("vpn-bridge", "capabilities", 3, "moves to a tunnel outside the cluster"),
    ("time-tracker", "run-as-user", 60, "its first version wrote as root"),
)
"""Server, rule, days that it counts, and reason."""
NEEDED = {
    ROLLED: (
        ("secret", "generic", "issues-bridge"),
        ("secret", "generic", "github-tools"),
        ("configmap", "github-tools"),
    ),
    "operations": (("secret", "generic", "dashboards"), ("serviceaccount", "incident-reader")),
}
"""What the manifests name, and others make."""
NEW_SETTINGS = {
    "mcpServerDefaults": {
        "resources": {"requests": {"memory": "256Mi"}},
        "tolerations": [{"key": "mcp-servers", "operator": "Exists"}],
    }
}
SANDBOX = "gvisor"
WAITS, UNTOLD = "gpu-tools", timedelta(seconds=12)
"""Why a pod waits is told where it goes on for ten seconds."""
SECONDS_TO_ROLL = 10
"""So long it takes until a new pod counts as available."""


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
    for namespace, needed in NEEDED.items():
        for words in needed:
            cluster.kubectl("create", *words, "--namespace", namespace)
    _apply_examples(cluster, AFTER)
    applied(cluster, "default", _document(KIND, NAME, NEW_SETTINGS))
    settings = ("mcpserversettings/default", "--for=condition=Distributed")
    cluster.kubectl("wait", *settings, f"--timeout={WAIT}")
    release.wait_for("a fleet that stays", lambda: _settled(release))


def applied(cluster: ControlPlane, namespace: str, *objects: Json) -> None:
    """Apply them as an administrator would."""
    words = ("apply", "--server-side", "--namespace", namespace, "--filename", "-")
    cluster.kubectl(*words, sent=objects)


def _apply_examples(cluster: ControlPlane, examples: Mapping[str, tuple[str, ...]]) -> None:
    for namespace, names in examples.items():
        for name in names:
            text = (MANIFESTS / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
            applied(cluster, namespace, *map(_complete, yaml.safe_load_all(text)))


def _complete(found: Json) -> Json:
    """The object with what is left out for shortness; a Deployment takes its time to roll."""
    if found["kind"] == "Deployment":
        found["spec"].setdefault("minReadySeconds", SECONDS_TO_ROLL)
        for container in found["spec"]["template"]["spec"]["containers"][:1]:
            container.setdefault("ports", [{"name": "mcp", "containerPort": 8080}])
    return found


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


def _settled(release: Release) -> bool:
    """Whether each pod runs and counts as available, but for the one that no node takes."""
    found = [pod for namespace in BEFORE | AFTER for pod in release.pods(namespace)]
    return all(_since(pod) < datetime.now(UTC) - UNTOLD for pod in found)


def _since(pod: Json) -> datetime:
    """Since when it is ready, or has no node where it is the one; not yet is now."""
    waits = pod["metadata"]["labels"].get("app") == WAITS
    wanted = ("PodScheduled", "False") if waits else ("Ready", "True")
    for each in pod["status"].get("conditions") or []:
        if (each["type"], each["status"]) == wanted:
            return datetime.fromisoformat(each["lastTransitionTime"])
    return datetime.now(UTC)
