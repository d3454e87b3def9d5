"""What the cluster itself says of what people do in a browser: objects, and what would be refused.

The webhook is asked several times, so that every replica answers.
"""

from datetime import UTC, datetime
from typing import Any

from tests import builders
from tests.console.browser import shown_servers as servers
from tools.cluster.clients import Response
from tools.release.release import Release
from webhook import names
from webhook.settings.exception_document import EXCEPTION_PLURAL
from webhook.settings.load import GROUP, NAME, PLURAL, VERSION
from webhook.settings.namespace_layer import NAMESPACE_KIND, NAMESPACE_PLURAL

Json = dict[str, Any]
API = f"/apis/{GROUP}/{VERSION}"
SETTINGS, EXCEPTIONS = f"{API}/{PLURAL}/{NAME}", f"{API}/{EXCEPTION_PLURAL}"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
MERGE = "application/merge-patch+json"
TIMES = 4
SLOW_SECONDS = 500
"""How long a pod has to be ready before it counts: longer than any test lasts."""


class AskedCluster:
    """The release, asked as its administrator."""

    def __init__(self, release: Release) -> None:
        self.release, self.cluster = release, release.cluster

    def stored(self, path: str) -> Json | None:
        """The object of this path, None where there is none."""
        answer = self.cluster.raw("GET", path)
        assert answer.status in {200, 404}, answer.body
        return answer.json() if answer.status == 200 else None

    def settings_of(self, namespace: str) -> str:
        """The path of the settings of a namespace."""
        return f"{API}/namespaces/{namespace}/{NAMESPACE_PLURAL}/{NAME}"

    def delete(self, path: str) -> None:
        """Delete what is there."""
        assert self.cluster.raw("DELETE", path).status in {200, 404}

    def servers(self, namespace: str = "") -> dict[tuple[str, str], Json]:
        """The labelled Deployments, of a namespace or of all, by namespace and name."""
        path = DEPLOYMENTS.format(namespace) if namespace else "/apis/apps/v1/deployments"
        found = self.cluster.get(f"{path}?labelSelector={names.SERVER}%3Dtrue")["items"]
        return {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in found}

    def pods(self, namespace: str) -> dict[str, set[str]]:
        """The UIDs of the pods of each server of a namespace; those that end are left out."""
        found: dict[str, set[str]] = {}
        for pod in self.release.pods(namespace):
            if "deletionTimestamp" not in pod["metadata"]:
                name = pod["metadata"]["labels"]["app"]
                found.setdefault(name, set()).add(pod["metadata"]["uid"])
        return found

    def tried_rolls(self, namespace: str, name: str) -> list[Response]:
        """The answers to an update that would roll a server; nothing is stored."""
        note = {"annotations": {"tried": f"{datetime.now(UTC):%H:%M:%S}"}}
        path = f"{DEPLOYMENTS.format(namespace)}/{name}?dryRun=All"
        change = {"spec": {"template": {"metadata": note}}}
        return [self.cluster.raw("PATCH", path, change, MERGE) for _ in range(TIMES)]

    def statuses(self, namespace: str, name: str) -> set[int]:
        """The statuses of those answers."""
        return {each.status for each in self.tried_rolls(namespace, name)}

    def wait_until_excepted(self) -> None:
        """Return when an exception for the refused server is in force at every replica."""
        refused = servers.TEAM, servers.REFUSED
        self.release.wait_for("exception in force", lambda: self.statuses(*refused) == {200})

    def new_pods(self, namespace: str, **fields: Any) -> list[Response]:
        """The answers to a new pod of a server; nothing is stored."""
        path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
        pod = builders.bare_pod("tried", **fields)
        return [self.cluster.raw("POST", path, pod) for _ in range(TIMES)]

    def refuses_privileged(self, namespace: str) -> bool:
        """Whether every replica refuses a privileged server in this namespace."""
        asks = {"container": {"securityContext": servers.PRIVILEGED}}
        return {each.status for each in self.new_pods(namespace, **asks)} == {403}

    def classes(self, namespace: str) -> set[str]:
        """What new pods of a server get from the replicas."""
        pods = [each.json()["spec"] for each in self.new_pods(namespace)]
        return {each.get("runtimeClassName", "") for each in pods}

    def set_mode(self, namespace: str, mode: str) -> None:
        """Let a namespace choose its mode, and return when every replica has it."""
        chosen = servers.document(NAMESPACE_KIND, {"name": NAME}, {"mode": mode})
        servers.applied(self.cluster, namespace, chosen)
        self.wait_until_distributed(self.settings_of(namespace))

    def modes(self) -> dict[str, str]:
        """The modes that namespaces have chosen."""
        found = self.cluster.get(f"{API}/{NAMESPACE_PLURAL}")["items"]
        return {each["metadata"]["namespace"]: each["spec"].get("mode", "") for each in found}

    def wait_until_distributed(self, path: str) -> None:
        """Return when every replica has the settings of this path."""

        def is_distributed() -> bool:
            found = self.cluster.get(path)
            conditions = (found.get("status") or {}).get("conditions") or []
            wanted = "Distributed", "True", found["metadata"]["generation"]
            keys = "type", "status", "observedGeneration"
            return any(tuple(each[key] for key in keys) == wanted for each in conditions)

        self.release.wait_for(f"distribution of {path}", is_distributed)

    def outdated_servers(self, namespace: str, *made: str) -> None:
        """Servers that a roll would change; none that rolls ends before `finish_rolls`."""
        self.set_mode(namespace, "observe")
        found = [servers.server(name) for name in made]
        for each in found:
            each["spec"]["minReadySeconds"] = SLOW_SECONDS
        servers.applied(self.cluster, namespace, *found)

        def run() -> bool:
            return all(servers.runs(self.release, namespace, name) for name in made)

        self.release.wait_for("running servers", run)
        self.set_mode(namespace, "enforce")

    def finish_rolls(self, namespace: str) -> None:
        """Let pods count as soon as they are ready."""
        soon = {"spec": {"minReadySeconds": 0}}
        for _, name in self.servers(namespace):
            path = f"{DEPLOYMENTS.format(namespace)}/{name}"
            assert self.cluster.raw("PATCH", path, soon, MERGE).status == 200
