"""A real Helm, on this chart: rendered documents, or what it said against the values."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

MANIFESTS = Path(__file__).parents[2] / "manifests"
NAMESPACE = "mcp-admission-system"
RELEASE = "mcp-admission"
# Every installation has to say where its image is.
IMAGE = "registry.example/mcp-admission"

# Of a command that waits for everything, longer than Helm itself is told to.
SECONDS = 300

Json = dict[str, Any]


class HelmError(Exception):
    """Helm ended with a status other than 0; the message holds what it said."""


class Helm:
    """Helm without a cluster, in a home of its own."""

    kubernetes = "1.36"

    def __init__(self, binary: Path, home: Path) -> None:
        self.binary = binary
        self._parsed: dict[str, list[Json]] = {}
        self.environment = {
            "HOME": str(home),
            "HELM_CACHE_HOME": str(home),
            "HELM_CONFIG_HOME": str(home),
            "HELM_DATA_HOME": str(home),
        }

    def run(self, *arguments: str | Path, sent: str = "") -> str:
        """Run it; returns what it printed."""
        ran = subprocess.run(
            [self.binary, *arguments], input=sent, env=self.environment, capture_output=True,
            text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        if ran.returncode != 0:
            raise HelmError(f"{ran.stdout}{ran.stderr}")
        return ran.stdout

    def rendered(
        self, values: Json | None = None, *, namespace: str = NAMESPACE, release: str = RELEASE
    ) -> str:
        """The chart's objects as text, hooks and all; with an image, if the values have none."""
        given = values or {}
        image = {"image": {"repository": IMAGE, **given.get("image", {})}}
        return self.run(
            "template", release, MANIFESTS / "chart", "--namespace", namespace, "--values", "-",
            "--kube-version", self.kubernetes,
            sent=yaml.dump(given | image),
        )  # fmt: skip

    def objects(
        self, values: Json | None = None, *, namespace: str = NAMESPACE, release: str = RELEASE
    ) -> list[Json]:
        """The chart's objects, in the order in which Helm applies them; nobody changes them."""
        text = self.rendered(values, namespace=namespace, release=release)
        if text not in self._parsed:
            found = yaml.load_all(text, Loader=yaml.CSafeLoader)
            self._parsed[text] = [each for each in found if each]
        return self._parsed[text]


def is_hook(found: Json) -> bool:
    """Whether Helm makes it at a certain moment alone, and does not count it to the release."""
    return "helm.sh/hook" in found["metadata"].get("annotations", {})
