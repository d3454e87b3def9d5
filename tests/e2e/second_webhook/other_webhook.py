"""Somebody else's mutating webhook, a real one: HTTPS, registered by service reference."""

import base64
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

from tests.builders import NOT_LABELLED, bare_pod
from tests.e2e.namespace import Namespace
from tools.cluster.authority import Authority
from tools.cluster.ports import LOOPBACK, free_ports

PATH = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"

# What it does to a pod: the operations of a JSON patch.
Change = Callable[[Any], list[dict[str, Any]]]


class OtherWebhook:
    """Changes every pod that is created in one namespace; a context manager.

    API servers call webhooks by the names of their registrations: `before` and `after` ours.
    """

    def __init__(
        self,
        namespace: Namespace,
        change: Change,
        *,
        comes: Literal["before", "after"] = "after",
        again: Literal["Never", "IfNeeded"] = "Never",
    ) -> None:
        self.name = f"{'a' if comes == 'before' else 'z'}-{namespace.name}"
        self.calls = 0
        self._namespace = namespace
        self._change = change
        self._again = again
        self._authority = Authority(namespace.cluster.folder / "others" / self.name)
        (self._port,) = free_ports(1)
        self._server = ThreadingHTTPServer((LOOPBACK, self._port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name=self.name)

    def __enter__(self) -> Self:
        pair = self._authority.server("serving", [f"other.{self._namespace.name}.svc"])
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(pair.certificate, pair.key)
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread.start()
        self._namespace.cluster.create(PATH, self._registration())
        probe = bare_pod("probe", labels=NOT_LABELLED)

        def called() -> bool:
            self._namespace.raw("POST", "pods?dryRun=All", probe)
            return self.calls > 0

        self._namespace.cluster.wait_for("call of the other webhook", called)
        self.calls = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._namespace.cluster.raw("DELETE", f"{PATH}/{self.name}")
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _registration(self) -> dict[str, Any]:
        cluster, own = self._namespace.cluster, self._namespace.name
        authority = base64.b64encode(self._authority.pair.certificate.read_bytes()).decode()
        entry = {
            "name": "pods.other.example.com",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {
                "service": cluster.local_service(own, "other", self._port),
                "caBundle": authority,
            },
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": own}},
            "rules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "resources": ["pods"],
                    "operations": ["CREATE"],
                }
            ],
            "reinvocationPolicy": self._again,
            "sideEffects": "None",
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": self.name},
            "webhooks": [entry],
        }

    def _answer(self, review: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        request = review.pop("request")
        response = {"uid": request["uid"], "allowed": True}
        operations = self._change(request["object"])
        if operations:
            patch = base64.b64encode(json.dumps(operations).encode()).decode()
            response |= {"patchType": "JSONPatch", "patch": patch}
        return {**review, "response": response}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(answer(review)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
