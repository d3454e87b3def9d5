"""What kube-proxy does for a Service: each new connection goes to one of the replicas."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from tools.cluster.ports import LOOPBACK

LOOKS, SECONDS_BETWEEN_LOOKS = 20, 0.05


class Balancer:
    """Listens on a port while it is entered; `replicas` are the ports behind it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.replicas: list[int] = []
        self._turns = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="balancer")
        self._listening = threading.Event()
        self._over = asyncio.Event()
        self._is_cut = self._hangs = False
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Within the block, no connection gets through, and those that did are over."""
        self._loop.call_soon_threadsafe(self._cut)
        try:
            yield
        finally:
            self._is_cut = False

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Within the block, connections are accepted and kept, and nobody answers on any."""
        self._hangs = True
        try:
            yield
        finally:
            self._hangs = False

    def _cut(self) -> None:
        self._is_cut = True
        for writer in self._open.values():
            writer.transport.abort()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connect, LOOPBACK, self.port)
        self._listening.set()
        await self._over.wait()
        server.close()
        for writer in self._open.values():
            writer.transport.abort()
        await asyncio.gather(*self._open)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        try:
            replicas = await self._somebody()
            port = replicas[next(self._turns) % len(replicas)]
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._copy(reader, far_writer))
                    both.create_task(self._copy(far_reader, writer))
            finally:
                far_writer.transport.abort()
        except* (OSError, ZeroDivisionError):
            # Nobody is behind it, or somebody hung up.
            pass
        finally:
            writer.transport.abort()
            del self._open[task]

    async def _somebody(self) -> list[int]:
        """The replicas; a Deployment is called available a moment before they are known here."""
        for _ in range(LOOKS):
            if self.replicas:
                break
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return self.replicas

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            while self._hangs:  # noqa: ASYNC110 - it is set on another thread
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            writer.write(data)
            await writer.drain()
        writer.write_eof()
