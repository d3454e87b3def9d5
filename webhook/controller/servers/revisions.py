"""How pods get a configuration that has changed: by a new revision on their template, or by hand.

A pod reads its environment when it starts. A revision of the configuration on the template rolls
the pods. An Event says so, and the history of the Deployment: the author did not change it. With
`fillIn: pods` no field of ours is to be in a template, so the author is told by an Event that the
pods have to be restarted. The Secret remembers which revision was told last, so that it is told
once, whoever leads.
"""

from typing import Any, NamedTuple

from webhook import names
from webhook.controller.cluster_state import ClusterState
from webhook.controller.deployment_state import (
    AUTHORS_CAUSE,
    COPIED_CAUSE,
    OUR_CAUSE,
    DeploymentState,
)
from webhook.controller.owned import KINDS, SECRET, Live, ObjectKey, Writer
from webhook.kube import Api, NamespacedName, namespaced

RESTART, ROLLS = "RestartNeeded", "ConfigChanged"
_CHANGED = "the configuration from the Secret {0} has changed"
# The generation makes the note of each change another, also where old values come back.
_ROLLS = "{0}: a new revision on the template rolls the pods (generation {1})"
_NOTE = (
    f"{_CHANGED}, and pods read it when they start: "
    "`kubectl rollout restart deployment/{1} -n {2}`, or let your GitOps tool change the template; "
    "with fillIn: pods mcp-admission changes no template (revision {3})"
)

Json = dict[str, Any]


class Restart(NamedTuple):
    """A revision that pods get when somebody restarts them; the notes say so, if any may run."""

    revision: str
    notes: dict[str, str]


class Revisions:
    """Compares the revision of a server's configuration with the one that its pods began with."""

    def __init__(self, api: Api, state: ClusterState, writer: Writer) -> None:
        self._api, self._state, self._writer = api, state, writer

    async def roll(
        self, key: NamespacedName, found: DeploymentState, revision: str | None
    ) -> dict[str, str]:
        """Let the template say another revision than the one that its pods began with.

        A template that nothing was filled in yet reads no Secret of ours: it rolls when its author
        rolls it. A Secret that was taken or deleted since it was written has nothing to roll for.
        Returns the note of the Event, where it rolls.
        """
        config = self._config(key, found)
        known = found.revision or (config.revision if config else None)
        fills = config is not None and self._state.settings(key.namespace).fills_templates
        if not fills or revision in (None, known) or not (known or found.touched):
            await self.forget_cause(key, found)
            return {}
        changed = _CHANGED.format(found.config_from)
        cause = {names.CHANGE_CAUSE: f"{OUR_CAUSE}{changed}"}
        metadata = {} if found.cause == AUTHORS_CAUSE else {"annotations": cause}
        template = {"metadata": {"annotations": {names.REVISION: revision}}}
        stored = await self._patch(key, found, metadata, {"spec": {"template": template}})
        return {ROLLS: _ROLLS.format(changed, stored["metadata"]["generation"])}

    async def forget_cause(self, key: NamespacedName, found: DeploymentState) -> None:
        """Take our change-cause away once the ReplicaSet has it: the next roll has another."""
        if found.cause == COPIED_CAUSE:
            await self._patch(key, found, {"annotations": {names.CHANGE_CAUSE: None}}, {})

    def restart(
        self, key: NamespacedName, found: DeploymentState, revision: str | None
    ) -> Restart | None:
        """What is to be told, where templates are left as they are; None where nothing changed."""
        settings, config = self._state.settings(key.namespace), self._config(key, found)
        if settings.fills_templates or config is None:
            return None
        began = config.revision or found.revision
        if revision is None or revision == config.revision:
            return None
        if began in (None, revision) or found.unread:
            return Restart(revision, {})
        note = _NOTE.format(found.config_from, key.name, key.namespace, revision)
        return Restart(revision, {RESTART: note})

    async def remember(self, key: NamespacedName, found: DeploymentState, restart: Restart) -> None:
        """Let the Secret say that this revision was told."""
        config = self._config(key, found)
        if config is None:
            return
        path = KINDS[SECRET.kind].path(key.namespace, names.config_secret_of(key.name))
        annotations = {names.REVISION: restart.revision}
        body = {"metadata": {"uid": config.uid, "annotations": annotations}}
        stored = await self._api.patch(path, body, kind="merge")
        self._state.made[SECRET.kind].put(stored)

    async def _patch(
        self, key: NamespacedName, found: DeploymentState, metadata: Json, rest: Json
    ) -> Json:
        path = namespaced("apps/v1", "deployments", key.namespace, key.name)
        body = {"metadata": {"uid": found.uid, **metadata}, **rest}
        stored = await self._api.patch(path, body, kind="merge")
        self._state.deployments.put(stored)
        return stored

    def _config(self, key: NamespacedName, found: DeploymentState) -> Live | None:
        """The Secret of the environment, as long as it is there and the server's."""
        name = names.config_secret_of(key.name)
        live = self._writer.live(ObjectKey(SECRET.kind, key.namespace, name))
        return live if live and found.uid in live.owner_uids else None
