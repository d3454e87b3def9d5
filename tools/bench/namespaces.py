"""The one list that upstream's Pod Security webhook asks an API server for: namespaces.

It reads the levels of a pod's namespace from its labels. A namespace that it does not know it asks
for at each review, 20 a second at most, so that the bench would measure that limit.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

ENFORCED = {"pod-security.kubernetes.io/enforce": "restricted"}


class _Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, names: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.ended = threading.Event()
        self.items = [
            {"metadata": {"name": name, "labels": ENFORCED, "resourceVersion": "1"}}
            for name in names
        ]

    def handle_error(self, *_: object) -> None:
        """Who asks is killed at the end."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        api = self.server
        assert isinstance(api, _Api)
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        if asked.path != "/api/v1/namespaces" or "sendInitialEvents" in query:
            reason = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422}
            self._send(422, reason | {"reason": "Invalid", "message": "lists and watches alone"})
        elif "watch" in query:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            api.ended.wait()  # nothing ever changes
        else:
            listed = {"kind": "NamespaceList", "apiVersion": "v1", "items": api.items}
            self._send(200, listed | {"metadata": {"resourceVersion": "1"}})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def api_of_namespaces(names: list[str], kubeconfig: Path) -> Iterator[None]:
    """Within the block there are these namespaces, which enforce `restricted`; write how to ask."""
    with _Api(names) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        kubeconfig.write_text(_kubeconfig(f"http://127.0.0.1:{api.server_port}"), "utf-8")
        try:
            yield
        finally:
            api.ended.set()
            api.shutdown()


def _kubeconfig(url: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": {"server": url}}],
            "users": [{"name": "bench", "user": {}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        }
    )
