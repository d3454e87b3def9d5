"""The product on a running control plane: installed as its manifests say, and operated.

One `mcp-admission serve` process stands for the pods. Its settings reach it as in a pod, from a
ConfigMap through a mounted folder; the registrations are the shipped ones, with the authority and
the port of the local process written into them. A test may label a namespace to be left out.
"""

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from tests.e2e import system
from tests.e2e.probes import fills_in, warns_early
from tests.e2e.system import NAME, NAMESPACE
from tools.chart.shipped import local_registrations
from tools.cluster.authority import Authority
from tools.cluster.control_plane import ControlPlane
from tools.cluster.mounted import Mount, Volume
from tools.cluster.ports import LOOPBACK, free_ports
from tools.cluster.process import Component
from tools.cluster.users import User
from tools.demo.serving import ask
from webhook.settings.by_namespace import Overlay
from webhook.settings.stage import Stage
from webhook.settings.written_settings import NAMESPACES_FILE, WrittenSettings

API = "/apis/admissionregistration.k8s.io/v1"
SETTINGS = "settings.yaml"
BESIDE = {"--namespace-settings": NAMESPACES_FILE, "--locked-settings": "locked.yaml"}
SECONDS_TO_START = 30
# The label of a namespace that the registrations of tests leave out.
WITHOUT_PRODUCT = "tests.example/without-product"

Changes = Mapping[str, Any]


class Product:
    """The installed product; a context manager that takes it away again.

    `controller` is the user that may remove the scheduling gate.
    """

    controller: User

    def __init__(
        self, cluster: ControlPlane, settings: Changes | None = None, log_level: str = "info"
    ) -> None:
        self.cluster = cluster
        self._log_level = log_level
        self._installed = merged(system.SETTINGS, settings or {})
        self._settings = self._installed
        self._folder = cluster.folder / NAME
        self._authority = Authority(self._folder / "pki")
        self._port, self._probes = free_ports(2)
        self._process = self._serving()
        volume = Volume("configmaps", NAMESPACE, NAME)
        self._mount = Mount(cluster, volume, self._folder / "settings")

    def __enter__(self) -> Self:
        self.controller = system.install(self.cluster, {SETTINGS: yaml.dump(self._settings)})
        self._mount.sync()
        self._start()
        self.cluster.local_service(NAMESPACE, NAME, self._port)
        self._register()
        return self

    def __exit__(self, *_: object) -> None:
        self._unregister()
        self._process.kill()

    @contextlib.contextmanager
    def settings(self, changes: Changes) -> Iterator[None]:
        """Within the block the serving process works with the settings changed like this."""
        before = self._settings
        self._put_in_force(merged(before, changes))
        try:
            yield
        finally:
            self._put_in_force(before)

    @contextlib.contextmanager
    def beside(self, locked: Changes, overlays: Mapping[str, Overlay]) -> Iterator[None]:
        """Within the block these keys are locked, and namespaces have settings and exceptions."""
        stage = Stage(WrittenSettings(yaml.dump(self._settings), overlays))
        binary: dict[str, str | None] = {**stage.binary_files}
        self._write({"data": {"locked.yaml": yaml.dump(locked)}, "binaryData": binary})
        try:
            yield
        finally:
            self._write({"data": {"locked.yaml": None}, "binaryData": dict.fromkeys(binary)})

    def configure(self, changes: Changes) -> None:
        """Put the settings of the installation, changed like this, in force until the next call."""
        wanted = merged(self._installed, changes)
        if wanted != self._settings:
            self._put_in_force(wanted)

    @contextlib.contextmanager
    def uninstalled(self) -> Iterator[None]:
        """Within the block the API server knows nothing of the product."""
        self._unregister()
        try:
            yield
        finally:
            self._register()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Within the block the API server calls in vain."""
        self._process.kill()
        try:
            yield
        finally:
            self._start()
            self._wait_until_in_force()

    @contextlib.contextmanager
    def ignored_failures(self) -> Iterator[None]:
        """Within the block the API server lets pass what it cannot have reviewed."""
        self._unregister()
        self._register(failurePolicy="Ignore")
        try:
            yield
        finally:
            self._unregister()
            self._register()

    def metric(self, name: str, **labels: str) -> float:
        """The value of one of the serving process's metrics; 0 while it has none."""
        wanted = "".join(rf'(?=.*\b{key}="{value}")' for key, value in labels.items())
        text = ask(self._address(self._probes), "/metrics")
        found = re.findall(rf"^mcp_admission_{name}{{{wanted}.*}} (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    def logged(self) -> list[dict[str, Any]]:
        """What the serving process has logged so far, oldest first."""
        return [json.loads(line) for line in self._process.lines()]

    def _serving(self) -> Component:
        pair = self._authority.server("serving", [f"{NAME}.{NAMESPACE}.svc"])
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "webhook",
            "serve",
            "--drain-seconds",
            "0",
            "--log-level",
            self._log_level,
        ]
        command += ["--listen", self._address(self._port)]
        command += ["--metrics-listen", self._address(self._probes)]
        command += ["--tls-cert", pair.certificate, "--tls-key", pair.key]
        for option, name in {"--settings": SETTINGS, **BESIDE}.items():
            command += [option, self._folder / "settings" / name]
        return self.cluster.components.beside(NAME, command)

    def _address(self, port: int) -> str:
        return f"{LOOPBACK}:{port}"

    def _start(self) -> None:
        self._process.start()
        self._process.wait_until(self._is_ready, SECONDS_TO_START)

    def _is_ready(self) -> bool:
        try:
            return ask(self._address(self._probes), "/readyz") == "ok\n"
        except OSError:
            return False

    def _put_in_force(self, settings: dict[str, Any]) -> None:
        self._write({"data": {SETTINGS: yaml.dump(settings)}})
        self._settings = settings

    def _write(self, content: Changes) -> None:
        """Let the ConfigMap hold this; returns when it is in force."""
        counted = {"file": "settings", "result": "success"}
        before = self.metric("file_reloads_total", **counted)
        system.write_settings(self.cluster, content)
        if self._mount.sync():
            self.cluster.wait_for(
                "changed settings in force",
                lambda: self.metric("file_reloads_total", **counted) > before,
            )

    def _register(self, **changes: str) -> None:
        for registration in local_registrations(self._authority.pair.certificate, self._port):
            for entry in registration["webhooks"]:
                entry.update(changes)
                outside = {"key": WITHOUT_PRODUCT, "operator": "DoesNotExist"}
                entry["namespaceSelector"]["matchExpressions"].append(outside)
            self.cluster.create(f"{API}/{registration['kind'].lower()}s", registration)
        self._wait_until_in_force()

    def _unregister(self) -> None:
        for hook in ("mutating", "validating"):
            self.cluster.raw("DELETE", f"{API}/{hook}webhookconfigurations/{NAME}")
        self.cluster.wait_for(
            "API server without the product",
            lambda: not fills_in(self.cluster) and not warns_early(self.cluster),
        )

    def _wait_until_in_force(self) -> None:
        self.cluster.wait_for(
            "API server with the product",
            lambda: fills_in(self.cluster) and warns_early(self.cluster),
        )


def merged(settings: Changes, changes: Changes) -> dict[str, Any]:
    """The settings with these keys changed, group by group."""
    found = dict(settings)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merged(found[key], value) if both else value
    return found
