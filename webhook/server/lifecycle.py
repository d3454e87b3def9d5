"""The serving process from its first file to its last answer."""

import asyncio
import ctypes
import gc
import logging
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from webhook.observe import logs
from webhook.observe.metrics import Metrics
from webhook.observe.traces import TRACES
from webhook.server.app import Traffic, review_server
from webhook.server.certificate import CertificateStore
from webhook.server.file_watch import FileError, FileWatcher
from webhook.server.listener import PROBES, REVIEWS, Address, Listener, ListenerPort
from webhook.server.probes import probe_application
from webhook.server.settings_file import SettingsFile, SettingsFiles

NewLoop = Callable[[], asyncio.AbstractEventLoop]
try:
    import uvloop

    NEW_LOOP: NewLoop = uvloop.new_event_loop
except ImportError:
    NEW_LOOP = asyncio.new_event_loop

MOST_OPEN_FILES = 65_536
# What is larger is given back to the system as soon as it is free; glibc's name for that.
LARGE_MEMORY = 64 * 1024
M_MMAP_THRESHOLD = -3
# Longer than a webhook's timeout, shorter than the grace period of a pod.
LAST_ANSWERS_SECONDS = 20.0
LAST_SPANS_SECONDS = 2.0

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of `mcp-admission serve`."""

    listen: Address
    metrics_listen: Address
    tls_cert: Path
    tls_key: Path
    ca_bundle: Path | None = None
    service: str | None = None
    client_ca: Path | None = None
    client_names: frozenset[str] = frozenset()
    settings: SettingsFiles | None = None
    drain_seconds: float = 5.0
    log_level: int = logging.INFO


class Stop:
    """SIGTERM or SIGINT. The first asks to drain and stop, the second to stop at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.insisted = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._receive)

    def _receive(self) -> None:
        if self.asked.is_set():
            self.insisted.set()
        else:
            self.asked.set()


class StartError(Exception):
    """A reason not to start, in one sentence that names the way out."""


def serve(options: Options) -> int:
    """Serve until a signal; return the exit code.

    0 after every review was answered, 1 when that was cut short, 2 when a file or an address
    cannot be used, with a sentence in the log. Nothing listens before settings and certificate are
    loaded.
    """
    logs.configure(level=options.log_level)
    process = Process(options)
    try:
        process.watcher.load()
        TRACES.start("mcp-admission-serve", process.metrics.registry)
        with asyncio.Runner(loop_factory=NEW_LOOP) as runner:
            code = runner.run(process.serve())
    except (FileError, StartError) as error:
        LOG.error("cannot start", extra={"fields": {"reason": str(error)}})  # noqa: TRY400
        code = 2
    # Whoever asked twice to end waits for nothing more.
    TRACES.stop(0.0 if code else LAST_SPANS_SECONDS)
    return code


class Process:
    """The parts of one serving process."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.metrics = Metrics()
        self._certificate = CertificateStore(
            options.tls_cert,
            options.tls_key,
            options.client_ca,
            ca_bundle=options.ca_bundle,
            service=options.service,
        )
        self.metrics.certificate_expiry.set_function(lambda: self._certificate.ends)
        self._settings = SettingsFile(options.settings, self.metrics.settings_are)
        file_sets = [*self._settings.file_sets, *self._certificate.file_sets]
        self.watcher = FileWatcher(file_sets, self.metrics, self._settings.follow_clock)

    async def serve(self) -> int:
        """Listen until a signal, then drain and stop; a second signal stops at once."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_stray)
        stop = Stop()
        traffic = Traffic(self.metrics)
        watching = loop.create_task(self.watcher.run())
        reviews, probed = await self._listen(traffic)
        _settle_memory()
        fields = {"reviews": reviews.addresses, "probes": probed.addresses}
        LOG.info("listening", extra={"fields": fields})
        if reason := self._certificate.problem:
            LOG.error("not ready", extra={"fields": {"reason": reason}})

        await stop.asked.wait()
        traffic.draining = True
        LOG.info("draining", extra={"fields": {"seconds": self._options.drain_seconds}})
        leaving = loop.create_task(self._leave(traffic, reviews, probed))
        insisted = loop.create_task(stop.insisted.wait())
        await asyncio.wait((leaving, insisted), return_when=asyncio.FIRST_COMPLETED)
        finished = leaving.done() and leaving.result()
        for task in (watching, leaving, insisted):
            task.cancel()
        for port in (reviews, probed):
            port.refuse_connections()
        LOG.info("stopped", extra={"fields": {"finished": finished}})
        return 0 if finished else 1

    async def _listen(self, traffic: Traffic) -> tuple[Listener, Listener]:
        _allow_open_files()
        reviews = await _open(
            "--listen",
            self._options.listen,
            review_server(
                self._settings,
                self.metrics,
                traffic,
                client_names=self._options.client_names,
            ),
            self.metrics,
            ListenerPort("reviews", REVIEWS, self._certificate.context),
        )
        probed = await _open(
            "--metrics-listen",
            self._options.metrics_listen,
            probe_application(
                self.metrics,
                traffic,
                lambda: self._certificate.problem,
                lambda: self._settings.digest,
            ),
            self.metrics,
            ListenerPort("probes", PROBES),
        )
        return reviews, probed

    async def _leave(self, traffic: Traffic, reviews: Listener, probed: Listener) -> bool:
        """Wait until clients send no new requests, and answer the last ones; whether all were."""
        await asyncio.sleep(self._options.drain_seconds)
        reviews.refuse_connections()
        try:
            async with asyncio.timeout(LAST_ANSWERS_SECONDS):
                await traffic.ended()
        except TimeoutError:
            return False
        await reviews.close()
        await probed.close()
        return True


async def _open(
    option: str,
    address: Address,
    application: web.Application | web.Server,
    metrics: Metrics,
    port: ListenerPort,
) -> Listener:
    try:
        return await Listener.open(application, address, metrics, port)
    except OSError as error:
        raise StartError(
            f"cannot listen on {address} ({error.strerror or error}): choose another {option}"
        ) from None


def _allow_open_files() -> None:
    """Raise the limit of connections to what the system allows: the default is too small."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _settle_memory() -> None:
    """Keep the objects of start-up out of later garbage collections, and those short.

    With 50,000 objects between two of them, one stops reviews for 20 to 40 ms and the garbage
    takes 10 MiB; with 10,000 it is 6 ms and 3 MiB.

    Each connection has large buffers. Those of a flood would leave holes in the heap, which glibc
    keeps: hundreds of MiB after one of 512 connections.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, LARGE_MEMORY)
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def log_stray(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log an error outside of any request; the event loop's own handler would quote exceptions."""
    error = context.get("exception")
    failed = logs.failure(error) if isinstance(error, BaseException) else {}
    LOG.error("event loop error", extra={"fields": {"reason": context["message"], **failed}})
