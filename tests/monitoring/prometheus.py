"""A Prometheus of its own that scrapes processes of this machine, with the rules of the chart."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import yaml

from tools.cluster.components import Components
from tools.cluster.ports import LOOPBACK, free_ports
from tools.demo.serving import ask

SECONDS_TO_START = 60
EACH_SECOND = "1s"

Json = dict[str, Any]


class Prometheus:
    """One process; a context manager that ends it. `targets` have the labels that are added."""

    def __init__(
        self,
        binary: Path,
        components: Components,
        folder: Path,
        targets: Mapping[str, Mapping[str, str]],
        groups: Sequence[Json],
    ) -> None:
        self._address = f"{LOOPBACK}:{free_ports(1)[0]}"
        folder.mkdir()
        rules, config = folder / "rules.yaml", folder / "prometheus.yaml"
        rules.write_text(yaml.dump({"groups": list(groups)}), encoding="utf-8")
        scraped = [
            {"targets": [address], "labels": dict(labels)} for address, labels in targets.items()
        ]
        every = {"scrape_interval": EACH_SECOND, "evaluation_interval": EACH_SECOND}
        said = {
            "global": every,
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "product", "static_configs": scraped}],
        }
        config.write_text(yaml.dump(said), encoding="utf-8")
        self._process = components.beside(
            "prometheus",
            [
                binary,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._address}",
                "--log.level=warn",
            ],
        )

    def __enter__(self) -> Self:
        self._process.start()
        self._process.wait_until(self._is_ready, SECONDS_TO_START)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()

    def query(self, expr: str) -> list[Json]:
        """The samples of a query; one that Prometheus does not understand fails the test."""
        found = json.loads(ask(self._address, f"/api/v1/query?query={quote(expr)}"))
        assert found["status"] == "success", f"{expr}: {found.get('error')}"
        samples: list[Json] = found["data"]["result"]
        return samples

    def alerts(self) -> dict[str, str]:
        """The state of each alert that has been evaluated without an error."""
        groups = json.loads(ask(self._address, "/api/v1/rules"))["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
        return {rule["name"]: rule["state"] for rule in rules if rule["health"] == "ok"}

    def _is_ready(self) -> bool:
        try:
            return "Ready" in ask(self._address, "/-/ready")
        except OSError:
            return False
