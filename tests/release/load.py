"""Pods created without an end, as clusters have it while somebody upgrades the product."""

import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.builders import NOT_LABELLED, OPTED_IN, bare_pod
from tests.e2e.namespace import HARDENED
from tools.cluster.background import Background
from tools.cluster.control_plane import ControlPlane
from tools.release.release import TOOLS

Json = dict[str, Any]

SECONDS_BETWEEN = 0.02
# Every so many dry runs a pod is really made; so many of them stay.
BETWEEN_REAL_ONES, STAYING = 10, 4


class Creator(Background):
    """Creates pods of one kind in a namespace; whatever is refused is kept."""

    def __init__(
        self,
        cluster: ControlPlane,
        namespace: str,
        *,
        labelled: bool,
        filled_in: bool,
        stored: bool = True,
    ) -> None:
        super().__init__(f"load in {namespace}")
        self._cluster = cluster
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._labelled = labelled
        self._filled_in, self._stored = filled_in, stored
        self._made: deque[str] = deque()
        self.count = self.real = 0
        self.refused: list[str] = []

    def run(self) -> None:
        """Create, and make room again."""
        for number in itertools.count():
            if self.over.wait(SECONDS_BETWEEN):
                return
            self._create(real=self._stored and number % BETWEEN_REAL_ONES == 0)

    def _create(self, *, real: bool) -> None:
        pod = bare_pod(labels=OPTED_IN if self._labelled else NOT_LABELLED)
        pod["metadata"]["generateName"] = f"{pod['metadata'].pop('name')}-"
        answer = self._cluster.raw("POST", self._pods + ("" if real else "?dryRun=All"), pod)
        self.count += 1
        if answer.status != 201:
            self.refused.append(f"{self._pods}: {answer.status} {answer.json()['message']}")
        elif self._filled_in and not is_hardened(answer.json()):
            self.refused.append(f"{self._pods}: admitted, and not filled in")
        elif real:
            self.real += 1
            self._made.append(answer.json()["metadata"]["name"])
            if len(self._made) > STAYING:
                self._cluster.raw("DELETE", f"{self._pods}/{self._made.popleft()}")


@contextmanager
def load(cluster: ControlPlane, *, filled_in: bool, stored: bool = True) -> Iterator[list[Creator]]:
    """Labelled pods and others, in a managed namespace and elsewhere, all at the same time.

    With `filled_in` the product has to answer for every covered one of them. Without `stored` all
    are dry runs.
    """
    elsewhere = cluster.namespace("elsewhere")
    creators = [
        Creator(cluster, TOOLS, labelled=False, filled_in=filled_in, stored=stored),
        Creator(cluster, elsewhere, labelled=True, filled_in=filled_in, stored=stored),
        Creator(cluster, elsewhere, labelled=False, filled_in=False, stored=stored),
    ]
    with ExitStack() as stack:
        for creator in creators:
            stack.enter_context(creator)
        yield creators
    told = [f"{creator.count} ({creator.real} real)" for creator in creators]
    print(f"created: {', '.join(told)}")
    refused = [each for creator in creators for each in creator.refused]
    assert not refused, f"{len(refused)} pods, the first: {refused[0]}; the last: {refused[-1]}"
    assert all(creator.real if stored else creator.count for creator in creators)


def is_hardened(pod: Json) -> bool:
    """Whether the product has filled it in."""
    return all(each.get("securityContext") == HARDENED for each in pod["spec"]["containers"])
