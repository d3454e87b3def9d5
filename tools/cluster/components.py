"""The five components of one control plane: started in order, restarted, and always stopped."""

import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tools.cluster import commands
from tools.cluster.authority import Authority
from tools.cluster.binaries import Binaries
from tools.cluster.clients import clean_environment
from tools.cluster.commands import Command, Places
from tools.cluster.ports import LOOPBACK
from tools.cluster.process import Component, Watchdog
from tools.cluster.users import User, with_certificate

SECONDS_TO_START = 60

ETCD = "etcd"
API_SERVER = "kube-apiserver"
CONTROLLERS = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
KWOK = "kwok"


class Components:
    """Processes, their folder and their credentials; the folder goes when they stop."""

    def __init__(self, binaries: Binaries, *, audit: bool, kwok: bool, tracing: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mcp-admission-"))
        self._watchdog = Watchdog(self.folder)
        self._authority = Authority(self.folder / "pki")
        self.places = Places.in_folder(self.folder, self._authority)
        self.admin = self.certified("admin", ["system:masters"])
        self._health = {
            ETCD: f"http://{LOOPBACK}:{self.places.etcd}/health",
            API_SERVER: f"{self.places.url}/readyz",
            CONTROLLERS: f"https://{LOOPBACK}:{self.places.controllers}/healthz",
            SCHEDULER: f"https://{LOOPBACK}:{self.places.scheduler}/healthz",
            KWOK: f"http://{LOOPBACK}:{self.places.kwok}/healthz",
        }
        self._all = {
            name: self._component(name, command)
            for name, command in self._commands(binaries, audit=audit, tracing=tracing).items()
            if kwok or name != KWOK
        }

    def beside(self, name: str, command: Command) -> Component:
        """A process that is checked, ended and quoted like these; whoever asked starts it."""
        self._all[name] = self._component(name, command)
        return self._all[name]

    def apart(self, command: Command, log: Path, environment: Mapping[str, str]) -> Component:
        """A process that may end when it wants to; whoever asked starts and ends it."""
        return Component(
            log.stem, command, log=log, environment=environment, watchdog=self._watchdog
        )

    def start_all(self) -> None:
        """Start everything and return when all are ready; raises `ComponentError`."""
        for together in ([ETCD], [API_SERVER], [CONTROLLERS, SCHEDULER, KWOK]):
            here = [name for name in together if name in self._all]
            for name in here:
                self._all[name].start()
            for name in here:
                self._wait_until_ready(name)

    def start(self, name: str) -> None:
        """Start one again, where it was, and return when it is ready."""
        self._all[name].start()
        self._wait_until_ready(name)

    def kill(self, name: str) -> None:
        """End one, as a crash would."""
        self._all[name].kill()

    def check(self) -> None:
        """Raises `ComponentError` when one has ended by itself."""
        for component in self._all.values():
            component.check()

    def stop_all(self) -> None:
        """End everything and remove the folder. May be called twice."""
        for component in reversed(self._all.values()):
            component.kill()
        self._watchdog.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self) -> dict[str, int]:
        """The process ids of what runs."""
        return {name: part.pid for name, part in self._all.items() if part.pid is not None}

    def certified(self, name: str, groups: list[str]) -> User:
        """A user by client certificate."""
        file = self.file_name(name)
        return with_certificate(
            name,
            self._authority.client(file, name, groups),
            url=self.places.url,
            authority=self.places.authority.certificate,
            file=self.folder / f"{file}.kubeconfig",
        )

    def file_name(self, user: str) -> str:
        """A file name for a user's credentials that no earlier one has."""
        taken = len(list(self.folder.glob("*.kubeconfig")))
        return f"{taken:03}-{user.replace(':', '-').replace('/', '-')}"

    def _commands(self, binaries: Binaries, *, audit: bool, tracing: bool) -> dict[str, Command]:
        places = self.places
        manager = self.certified("system:kube-controller-manager", []).kubeconfig
        scheduler = self.certified("system:kube-scheduler", []).kubeconfig
        kubelets = self.certified("kwok", ["system:masters"]).kubeconfig
        return {
            ETCD: commands.etcd(binaries, places),
            API_SERVER: commands.api_server(binaries, places, audit=audit, tracing=tracing),
            CONTROLLERS: commands.controller_manager(binaries, places, manager),
            SCHEDULER: commands.scheduler(binaries, places, scheduler),
            KWOK: commands.kwok(binaries, places, kubelets),
        }

    def _component(self, name: str, command: Command) -> Component:
        return Component(
            name,
            command,
            log=self.folder / f"{name}.log",
            environment=clean_environment(self.folder),
            watchdog=self._watchdog,
        )

    def _wait_until_ready(self, name: str) -> None:
        self._all[name].wait_until(lambda: self._is_ready(name), SECONDS_TO_START)

    def _is_ready(self, name: str) -> bool:
        direct = urllib.request.ProxyHandler({})
        trusting = urllib.request.HTTPSHandler(context=self.admin.tls)
        opener = urllib.request.build_opener(direct, trusting)
        try:
            with opener.open(self._health[name], timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False
