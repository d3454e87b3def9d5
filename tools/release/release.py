"""One release on a control plane with a node of its own: what an administrator does to it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tools.chart.helm import IMAGE, MANIFESTS, NAMESPACE, RELEASE, Helm
from tools.chart.shipped import everything
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.cluster.waiting import WaitedInVainError
from tools.release.to_localhost import SERVICE, to_localhost

Json = dict[str, Any]
Found = TypeVar("Found")

TOOLS = f"{RELEASE}-mcp"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
CONFIGURATIONS = [
    f"{ADMISSION}/{kind}webhookconfigurations/mcp-admission" for kind in ("mutating", "validating")
]
# With little of a processor, processes of Python take their time to start.
WAIT = "4m"
PROCESSES = ("certificates", "control", "serve")
PLUGIN = "to-localhost"


class Release:
    """The release of a module's tests; `helm` and `kubectl` are called as people call them."""

    def __init__(self, cluster: ControlPlane, kubelet: Kubelet, binary: Path) -> None:
        self.cluster, self.kubelet = cluster, kubelet
        self.port = kubelet.services.port(NAMESPACE, SERVICE, 443)
        home = cluster.folder / "helm"
        add_plugin(home, self.port)
        self.local_helm = Helm(binary, home)

    def helm(self, command: str, *options: str) -> str:
        """`helm COMMAND` of this release."""
        chart: list[str | Path] = [MANIFESTS / "chart", "--post-renderer", PLUGIN]
        if command not in {"install", "upgrade"}:
            chart = []
        here = ("--namespace", NAMESPACE, "--kubeconfig", self.cluster.kubeconfig)
        return self.local_helm.run(command, RELEASE, *chart, *options, *here)

    def install(self, *options: str) -> None:
        """As the page says."""
        image = ("--set", f"image.repository={IMAGE}")
        self.helm("install", "--create-namespace", *image, *options)

    def installed(self) -> None:
        """Install it, and return when everything is ready."""
        self.install("--wait", "--timeout", WAIT)

    def apply(self) -> None:
        """`kubectl apply` of the plain manifests, with the Service that leads here."""
        sent = [to_localhost(each, self.port) for each in everything()]
        self.cluster.kubectl("apply", "--filename", "-", sent=sent)

    def rolled_out(self, seconds: int = 180) -> None:
        """All Deployments are as they should be."""
        for name in PROCESSES:
            self.cluster.kubectl(
                "rollout", "status", f"deployment/mcp-admission-{name}", "--namespace", NAMESPACE,
                f"--timeout={seconds}s",
            )  # fmt: skip

    def stored(self) -> bool:
        """Whether Helm knows of a release."""
        path = f"/api/v1/namespaces/{NAMESPACE}/secrets?labelSelector=owner%3Dhelm"
        return bool(self.cluster.get(path)["items"])

    def uninstall(self) -> None:
        """Remove it; returns when its pods are gone."""
        self.helm("uninstall", "--wait", "--timeout", WAIT)
        self.wait_for("end of the pods", lambda: not self.pods(NAMESPACE))

    def pods(self, namespace: str, **labels: str) -> list[Json]:
        """The pods of a namespace with these labels."""
        found: list[Json] = self.cluster.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
        wanted = labels.items()
        return [pod for pod in found if wanted <= (pod["metadata"].get("labels") or {}).items()]

    def component(self, name: str) -> list[Json]:
        """The pods of one of the processes."""
        return self.pods(NAMESPACE, **{"app.kubernetes.io/component": name})

    def restarts(self) -> int:
        """How often a container of ours had to be started again."""
        statuses = [pod["status"].get("containerStatuses") or [] for pod in self.pods(NAMESPACE)]
        return sum(each["restartCount"] for found in statuses for each in found)

    def bundles(self) -> list[str]:
        """Every caBundle."""
        found = [
            webhook for path in CONFIGURATIONS for webhook in self.cluster.get(path)["webhooks"]
        ]
        return [webhook["clientConfig"].get("caBundle", "") for webhook in found]

    def wait_for(self, what: str, question: Callable[[], Found], seconds: float = 120) -> Found:
        """Ask until the answer is true-ish; in vain, the processes' own words are quoted."""
        try:
            return self.cluster.wait_for(what, question, seconds)
        except WaitedInVainError as reason:
            raise WaitedInVainError(f"{reason}\n{self.kubelet.last_words()}") from None


def add_plugin(home: Path, port: int) -> None:
    """Give this home of Helm its post-renderer, which Helm 4 wants as a plugin."""
    script = Path(__file__).with_name("to_localhost.py")
    call = {"command": sys.executable, "args": [str(script), str(port)]}
    plugin = {
        "apiVersion": "v1",
        "type": "postrenderer/v1",
        "name": PLUGIN,
        "version": "0.1.0",
        "runtime": "subprocess",
        "runtimeConfig": {"platformCommand": [call]},
    }
    folder = home / "plugins" / PLUGIN
    folder.mkdir(parents=True)
    (folder / "plugin.yaml").write_text(yaml.dump(plugin), encoding="utf-8")
