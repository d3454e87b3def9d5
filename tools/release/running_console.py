"""`mcp-admission console` as people start it on their own machine, before a control plane."""

import os
import sys
from typing import Self
from urllib.parse import urlsplit

from tools.cluster.control_plane import ControlPlane
from tools.cluster.process import Component
from tools.cluster.users import User

KEY = "?key="
SECONDS_TO_START = 60


class RunningConsole:
    """`mcp-admission console` of somebody, until it is asked to end."""

    def __init__(self, cluster: ControlPlane, user: User) -> None:
        command = (sys.executable, "-m", "webhook", "console", "--no-browser")
        way = ("--kubeconfig", str(user.kubeconfig))
        self._log = cluster.folder / f"console-{user.kubeconfig.stem}.log"
        self._process = cluster.components.apart([*command, *way], self._log, os.environ)

    def __enter__(self) -> Self:
        self._process.start()
        self._process.wait_until(lambda: bool(self._links()), SECONDS_TO_START)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.terminate() == 0

    @property
    def process(self) -> Component:
        """The process, for whoever measures it or reads its log."""
        return self._process

    @property
    def address(self) -> str:
        """Where it answers, without a path."""
        return urlsplit(self.link())._replace(path="", query="").geturl()

    def link(self) -> str:
        """The address that lets one browser in, once; the next one is there when it has."""
        return self._links()[-1]

    def _links(self) -> list[str]:
        # A line may be there in part.
        lines = self._log.read_text(encoding="utf-8").split("\n")[:-1]
        return [line.rpartition(" ")[2] for line in lines if KEY in line]
