"""Work on a thread of its own while a test does something else: a failure of it ends the test."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class Background(ABC):
    """`run` goes on while it is entered; `over` is set on exit, and it has to return soon after.

    What `run` raises is raised again on exit, unless the test has failed already.
    """

    def __init__(self, name: str) -> None:
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)
        self._crash: BaseException | None = None

    @abstractmethod
    def run(self) -> None:
        """Work until `over`."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: object, error: object, *__: object) -> None:
        self.over.set()
        self._thread.join()
        if self._crash is not None and error is None:
            raise self._crash

    def _run(self) -> None:
        try:
            self.run()
        except BaseException as crash:  # noqa: BLE001 - raised again where it is seen
            self._crash = crash
