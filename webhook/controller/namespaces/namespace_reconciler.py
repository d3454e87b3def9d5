"""A namespace: the policy that isolates its servers, and its Pod Security labels if it is managed.

The policy is made with the first server and goes with the last; in a managed namespace it is
always there. Labels are applied, so that those that are ours are known, and go when a namespace is
managed no more.
"""

from typing import Any

from webhook.controller.cluster_state import Key, Namespace, View
from webhook.controller.owned.object_kinds import POLICY, Live
from webhook.controller.owned.owned_objects import Place
from webhook.controller.owned.owner import NAMESPACE
from webhook.controller.owned.write import NotOurs, Waits, Writer
from webhook.kube.api import Api
from webhook.kube.errors import ApiError
from webhook.kube.event_recorder import Notes, Regarding
from webhook.kube.paths import cluster_wide
from webhook.objects import made
from webhook.objects.network_policies import BASELINE

Json = dict[str, Any]


class Namespaces:
    """Reconciles one namespace at a time."""

    def __init__(self, api: Api, view: View, writer: Writer, notes: Notes) -> None:
        self._api, self.view, self._writer, self._notes = api, view, writer, notes
        self._looked: dict[str, bool] = {}
        self.blocked: dict[str, str] = {}
        self._stood: dict[str, Live | None] = {}

    async def reconcile(self, key: Key) -> float | None:
        """Write what differs."""
        namespace = key.namespace
        found = self.view.namespaces.get("", namespace)
        if found is None or not self.view.here(namespace):
            return None
        await self._older_servers(namespace, found)
        wanted = {each["kind"]: each for each in self.wanted(namespace)}
        if self.view.writes_namespaces:
            await self._label(namespace, found, wanted.get("Namespace"))
        return await self._isolate(namespace, found, wanted.get(POLICY.kind))

    def wanted(self, namespace: str) -> tuple[Json, ...]:
        """What this namespace is to have."""
        managed = self.view.managed(namespace)
        if not managed and not self._has_servers(namespace):
            return ()
        settings, release = self.view.settings, self.view.release_namespace
        return made.namespace_objects(namespace, settings, release, managed=managed)

    def _has_servers(self, namespace: str) -> bool:
        servers = (each.covered for _, each in self.view.deployments.within(namespace))
        return any(servers) or any(True for _ in self.view.pods.within(namespace))

    async def _older_servers(self, namespace: str, found: Namespace) -> None:
        """Judge Deployments anew that were seen before the namespace was managed, or ceased."""
        if self._looked.get(namespace, False) is found.managed:
            return
        self.view.deployments.doubt(namespace)
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        await self._api.list_each(path, self.view.deployments.put)
        self._looked[namespace] = found.managed

    async def _label(self, namespace: str, found: Namespace, wanted: Json | None) -> None:
        labels = wanted["metadata"]["labels"] if wanted else {}
        right = labels.items() <= dict(found.labels).items() if labels else not found.applied
        if right:
            return
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "uid": found.uid, "labels": labels},
        }
        path = cluster_wide("v1", "namespaces", namespace)
        self.view.namespaces.put(await self._api.apply(path, body))

    async def _isolate(self, namespace: str, found: Namespace, wanted: Json | None) -> float | None:
        regarding = Regarding("v1", "Namespace", namespace, namespace, found.uid)
        place = Place(POLICY.kind, namespace, BASELINE)
        live = self._writer.live(place)
        if wanted is None:
            if live is not None and NAMESPACE.has(live) and not live.going:
                await self._writer.take_away(place, NAMESPACE)
            return None
        notes: dict[str, str] = {}
        failure: ApiError | None = None
        again: float | None = None
        try:
            await self._writer.put(wanted, NAMESPACE, stood=self._stood.get(namespace))
            self._stood[namespace] = self._writer.live(place)
        except NotOurs as reason:
            notes = {"NameTaken": str(reason)}
        except Waits as pause:
            again = pause.seconds
        except ApiError as error:
            failure = error
            notes = {f"Write{error.reason}": error.message} if error.status else {}
        self.blocked[namespace] = "; ".join(notes.values())
        put_back = self._writer.put_backs.note(place)
        told = notes | ({f"{place.kind}PutBack": put_back} if put_back else {})
        await self._notes.say(regarding, told)
        self.view.ask_for_waiting(namespace)
        if failure:
            raise failure
        return again
