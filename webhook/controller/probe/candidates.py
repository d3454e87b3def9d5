"""In which namespace a pod is asked for: one of each scope, and the same one as long as it will do.

`default` comes first among those in which servers opt in, then a namespace that has servers. A
namespace whose quotas, policies or other webhooks refuse the pods is left for a while.
"""

import asyncio
from collections.abc import Iterator
from heapq import nsmallest

from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.controller.probe.probe_pods import ENFORCE

FIRST = "default"
# So many are tried each time, so that a probe ends.
MOST_AT_ONCE = 3
SECONDS_LEFT_ALONE = 600.0
MOST_REMEMBERED = 1000


class Candidates:
    """Chooses namespaces of a scope from what is known of the cluster."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._last = ""
        self._useless: dict[str, float] = {}

    def choose(self, state: ClusterState) -> list[str]:
        """The namespaces to try, the likeliest first; none where there is none of the scope."""
        if self._last and self._enforces(state, self._last):
            return [self._last]
        return nsmallest(
            MOST_AT_ONCE, _of_scope(state, self._scope), lambda name: self._rank(state, name)
        )

    def keep(self, namespace: str) -> None:
        """Ask here again: it has shown something."""
        self._last = namespace
        self._useless.pop(namespace, None)

    def leave(self, namespace: str) -> None:
        """Ask elsewhere for a while: something else refuses the pods here."""
        if self._last == namespace:
            self._last = ""
        self._useless.pop(namespace, None)
        self._useless[namespace] = _now() + SECONDS_LEFT_ALONE
        if len(self._useless) > MOST_REMEMBERED:
            del self._useless[next(iter(self._useless))]

    def _enforces(self, state: ClusterState, name: str) -> bool:
        here = state.here(name) and state.scope(name) is self._scope
        return here and state.settings(name).mode == ENFORCE

    def _rank(self, state: ClusterState, name: str) -> tuple[bool, bool, bool, bool, str]:
        without_servers = next(state.deployments.within(name), None) is None
        return (
            state.settings(name).mode != ENFORCE,
            self._useless.get(name, 0.0) > _now(),
            name != FIRST,
            without_servers,
            name,
        )


def _of_scope(state: ClusterState, scope: Scope) -> Iterator[str]:
    for _, name in state.namespaces:
        if state.here(name) and state.scope(name) is scope:
            yield name


def _now() -> float:
    return asyncio.get_running_loop().time()
