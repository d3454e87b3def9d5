"""The runtime classes of the cluster: whether settings name one that is not there.

That is a condition of the settings of the cluster, and of those of each namespace that names one.
Replicas are told which classes there are, and warn of a workload whose pods name another one, and
of settings that do. A controller that is kept to some namespaces has no right to classes. Without
the right, nothing is known of them, and nobody is warned.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from webhook import kube
from webhook.controller.settings.distribution import condition_of, said
from webhook.settings import CLASSES_FILE, classes_text

CLASS_CONDITION = "RuntimeClassExists"
RUNTIME_CLASSES = kube.ListWatch(
    "runtimeclasses", kube.cluster_wide("node.k8s.io/v1", "runtimeclasses"), metadata_only=True
)
_KEY = "mcpServerDefaults.runtimeClassName"
_UNKNOWN = "the controller has not read the runtime classes: it needs list and watch of them"

Json = dict[str, Any]


class FollowedClasses:
    """The classes as they were last seen; `changed` is called when that is something else.

    Unless they are `readable`, they are not followed.
    """

    def __init__(
        self,
        api: kube.Api,
        restarted: kube.Restarted,
        changed: Callable[[], None],
        *,
        readable: bool = True,
    ) -> None:
        self._told, self._changed, self._readable = restarted, changed, readable
        # Until the first answer, what the leader before has told stands.
        self._asked = not readable
        self._classes: kube.Cache[str] = kube.Cache(_name, self._put)
        self._informer = kube.Informer(api, RUNTIME_CLASSES, self._classes, self._restarted)

    async def run(self) -> None:
        """Follow them until cancelled."""
        if not self._readable:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._informer.run())
            await self._informer.synced.wait()
            self._asked = True
            self._changed()

    @property
    def known(self) -> frozenset[str] | None:
        """The names of those that there are; None where that is not known."""
        if not self._informer.synced.is_set():
            return None
        return frozenset(name for _, name in self._classes)

    @property
    def seen(self) -> tuple[bool, frozenset[str] | None]:
        """Whether there was an answer, and what is known: conditions follow from both."""
        return self._asked, self.known

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        """What the ConfigMap says of them; `before` is what it holds."""
        text = classes_text(self.known) if self._asked else before.get(CLASSES_FILE, "")
        return {CLASSES_FILE: text}

    def conditions(
        self, name: str | None, status: Mapping[str, Any], generation: int
    ) -> dict[str, Json]:
        """Whether the class exists that settings name; nothing where they name none.

        `status` is what is told of these settings so far, `generation` which they are.
        """
        if not name:
            return {}
        before = condition_of(status, CLASS_CONDITION)
        if not self._asked and before.get("observedGeneration") == generation:
            kept = ("status", "reason", "message")
            return {CLASS_CONDITION: {key: before[key] for key in kept}}
        return {CLASS_CONDITION: _condition(name, self.known)}

    def _restarted(self, resource: str, reason: str) -> None:
        self._told(resource, reason)
        if reason == "Forbidden":
            # What may not be read any more is not what it was; the next list sets it again.
            self._informer.synced.clear()
            self._asked = True
            self._changed()

    def _put(self, *_: object) -> None:
        self._changed()


class NamedClasses:
    """Which settings of namespaces name which class: who looks again when there are others.

    `told` is called with the key of each that has to. All others cost nothing.
    """

    def __init__(
        self, classes: FollowedClasses, told: Callable[[kube.NamespacedName], None]
    ) -> None:
        self._classes, self._told = classes, told
        self._seen = classes.seen
        self._names: dict[kube.NamespacedName, str] = {}
        self._keys: dict[str, dict[kube.NamespacedName, None]] = {}

    def conditions(
        self, key: kube.NamespacedName, values: Mapping[str, Any], status: Json, generation: int
    ) -> dict[str, Json]:
        """Whether the class exists that these values name; `status` is what is told so far."""
        self.forget(key)
        name = values.get("mcpServerDefaults", {}).get("runtimeClassName")
        if name:
            self._names[key] = name
            self._keys.setdefault(name, {})[key] = None
        return self._classes.conditions(name, status, generation)

    def forget(self, key: kube.NamespacedName) -> None:
        """Settings are gone, or name no class."""
        name = self._names.pop(key, None)
        if name is not None:
            del self._keys[name][key]
            if not self._keys[name]:
                del self._keys[name]

    def look_again(self) -> None:
        """Tell of those whose class has come or gone; of all, where none was known or none is."""
        before, self._seen = self._seen, self._classes.seen
        if before == self._seen:
            return
        was, known = before[1], self._seen[1]
        names = self._keys if was is None or known is None else was ^ known
        for name in names:
            for key in self._keys.get(name, ()):
                self._told(key)


def _condition(name: str, known: frozenset[str] | None) -> Json:
    if known is None:
        return said("Unknown", "NotRead", _UNKNOWN)
    if name in known:
        return said("True", "Found", f'there is the RuntimeClass "{name}" of {_KEY}')
    mend = f"create it, or change {_KEY}: until then Kubernetes refuses the pods of servers"
    return said("False", "NotFound", f'RuntimeClass "{name}" not found: {mend}')


def _name(found: Json) -> str:
    return str(found["metadata"]["name"])
