"""The process of the console in a cluster: it has no rights, and lends nobody any.

No kubeconfig and no ServiceAccount is read: people come with tokens of their own. Nothing that this
process holds for longer than their sessions opens a door, but for the key of its certificate.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webhook.console import console_app, console_process
from webhook.console.frame import bearer_tokens, sign_in
from webhook.controller.installation import Installation
from webhook.kube import Api, ConfigurationError, client
from webhook.observe import logs, metrics
from webhook.server import app, certificate, file_watch, lifecycle, listener, probes

# With this prefix a browser takes it from no other host, and by TLS alone.
COOKIE = sign_in.Cookie("__Host-mcp-admission-console", secure=True)

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """The command line of `mcp-admission console --in-cluster`."""

    listen: listener.Address
    metrics_listen: listener.Address
    hosts: tuple[str, ...]
    tls_cert: Path | None
    tls_key: Path | None
    token_header: str
    api_server: str
    api_server_ca: Path
    installation: Installation
    drain_seconds: float
    log_level: int


def server_of_environment(environment: Mapping[str, str]) -> str:
    """The URL of the API server that each pod is told; empty outside of pods."""
    host, port = (environment.get(f"KUBERNETES_SERVICE_{name}", "") for name in ("HOST", "PORT"))
    return f"https://{f'[{host}]' if ':' in host else host}:{port or 443}" if host else ""


def run_in_cluster(options: ClusterOptions) -> None:
    """Answer until a signal; raises ConsoleError where a file or an address cannot be used."""
    logs.configure(level=options.log_level)
    try:
        with asyncio.Runner(loop_factory=lifecycle.NEW_LOOP) as runner:
            runner.run(_ClusterConsole(options).answer())
    except (file_watch.FileError, ConfigurationError) as error:
        raise console_process.ConsoleError(str(error)) from None


class _ClusterConsole:
    """The parts of one process."""

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._measured = metrics.Metrics()
        self._certificate: certificate.CertificateStore | None = None
        if options.tls_cert and options.tls_key:
            self._certificate = certificate.CertificateStore(options.tls_cert, options.tls_key)
        sets = self._certificate.file_sets if self._certificate else []
        self._watcher = file_watch.FileWatcher(sets, self._measured)

    async def answer(self) -> None:
        """Listen until a signal; then be not ready for a while, and end."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lifecycle.log_stray)
        stop = lifecycle.Stop()
        self._watcher.load()
        options, traffic = self._options, app.Traffic(self._measured)
        probed = probes.probe_application(self._measured, traffic, self._problem)
        port = listener.ListenerPort("probes", listener.PROBES)
        context = self._certificate.context if self._certificate else None
        async with (
            Api(client.open_without_credentials(options.api_server, options.api_server_ca)) as api,
            console_process.listening(
                self._frame(api), options.listen, "--listen", self._measured, context
            ) as pages_at,
            console_process.opened_port(
                probed, options.metrics_listen, "--metrics-listen", self._measured, port
            ) as probes_at,
        ):
            watching = loop.create_task(self._watcher.run())
            fields = {"pages": pages_at, "probes": probes_at, "api_server": api.server}
            LOG.info("listening", extra={"fields": fields})
            await stop.asked.wait()
            traffic.draining = True
            LOG.info("draining", extra={"fields": {"seconds": options.drain_seconds}})
            try:
                async with asyncio.timeout(options.drain_seconds):
                    await stop.insisted.wait()
            except TimeoutError:
                LOG.info("stopped", extra={"fields": {"finished": True}})
            watching.cancel()

    def _problem(self) -> str | None:
        return self._certificate.problem if self._certificate else None

    def _frame(self, api: Api) -> console_app.ConsoleFrame:
        tokens = bearer_tokens.BearerTokens(api)
        header = self._options.token_header
        return console_app.ConsoleFrame(
            api,
            self._options.installation,
            tokens,
            COOKIE,
            self._options.hosts,
            proxy=bearer_tokens.ProxyTokens(header, tokens) if header else None,
        )
