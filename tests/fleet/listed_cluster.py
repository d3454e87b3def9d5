"""A cluster that is lists of objects, and errors that its API server answers with."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from webhook.kube.errors import ApiError, Forbidden, Gone

Json = dict[str, Any]
Objects = Callable[[], Iterator[Json]]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RELEASE = "mcp-admission-system"
GONE = Gone(410, "Gone", "too old")
FORBIDDEN = Forbidden(403, "Forbidden", "may not be listed")


class Cluster:
    """Has these objects by path and label selector; fails with these errors, each once."""

    def __init__(self, **objects: list[Json] | Objects) -> None:
        self.objects, self.failures = objects, dict[str, list[ApiError]]()
        self.asked: list[tuple[str, str]] = []
        self.by_field: dict[str, str] = {}
        self.metadata_only: set[str] = set()
        # Those of the controller.
        self.arguments = ["control"]

    async def get(self, path: str) -> Json:
        resource = path.split("/")[-2]
        if path.endswith("/deployments/mcp-admission-control"):
            return {"spec": {"template": {"spec": {"containers": [{"args": self.arguments}]}}}}
        for error in self.failures.get(resource, []):
            raise error
        return {"metadata": {"name": path.rpartition("/")[2]}}

    def server_time(self) -> datetime:
        return NOW

    async def list_each(
        self,
        path: str,
        take: Callable[[Json], Any],
        *,
        label_selector: str,
        field_selector: str,
        metadata_only: bool,
        page: int,
    ) -> str:
        resource = path.rpartition("/")[2]
        self.asked.append((path, label_selector))
        self.by_field[resource] = field_selector
        if metadata_only:
            self.metadata_only.add(resource)
        found = self.objects.get(resource, [])
        failures = self.failures.get(resource, [])
        if failures and failures[0] is not GONE:
            raise failures.pop(0)
        for each in found() if callable(found) else found:
            if resource != "pods" or selects(label_selector, each["metadata"].get("labels", {})):
                take(each)
        if failures:
            raise failures.pop(0)
        return "1"


def selects(selector: str, labels: Json) -> bool:
    return all(
        labels.get(key) == value
        if separator
        else (part.lstrip("!") in labels) is not part.startswith("!")
        for part in selector.split(",")
        if part
        for key, separator, value in (part.partition("="),)
    )
