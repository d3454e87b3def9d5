"""An API server that has many servers and does nothing: whatever is measured before it is ours.

A process of its own, `python -m tools.bench.played_fleet SERVERS CERTIFICATE`, which prints its
port. Whoever comes has the token as their name and may read everything. `/counted` has the number
of requests so far.
"""

import asyncio
import json
import ssl
import sys
from collections import Counter
from copy import deepcopy
from typing import Any

from aiohttp import web

from tests import builders
from tests.controller.servers.live import filled_in, stored
from webhook.health import POD_HASH
from webhook.settings import FILE, Settings

Json = dict[str, Any]
NAMESPACES, OLDER, IMAGES = 20, 10, 50
"""A tenth of the servers is older than the webhook."""
COUNTED = "/counted"
SETTINGS = "/api/v1/namespaces/mcp-admission-system/configmaps/mcp-admission-settings"
WRITTEN = {FILE: "mode: enforce\nmcpNamespace: {networkPolicy: {enabled: false}}\n"}
OBJECTS: dict[str, Json] = {SETTINGS: {"data": WRITTEN}, "/version": {"gitVersion": "v1.37.0"}}
REVIEW, ACCESS = "selfsubjectreviews", "selfsubjectaccessreviews"
READY = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}


class PlayedFleet:
    """Namespaces, Deployments and a pod of each; every list of anything else is empty."""

    def __init__(self, servers: int) -> None:
        self.counted: Counter[str] = Counter()
        whole = [*map(_deployment, range(servers))]
        self._lists = {
            "namespaces": [_encoded(_namespace(number)) for number in range(NAMESPACES)],
            "deployments": [*map(_encoded, whole)],
            "pods": [_encoded(_pod(each)) for each in whole],
        }
        self._metadata = [_encoded({"metadata": each["metadata"]}) for each in whole]

    def application(self) -> web.Application:
        """The application."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == COUNTED:
            return web.json_response(self.counted)
        resource = request.path.rpartition("/")[2]
        self.counted[f"{request.method} {resource}"] += 1
        if request.method == "POST":
            return web.json_response(_reviewed(request, resource), status=201)
        if "watch" in request.query:
            return await self._watch(request)
        return self._found(request, resource)

    def _found(self, request: web.Request, resource: str) -> web.Response:
        if request.path in OBJECTS:
            return web.json_response(OBJECTS[request.path])
        if "limit" in request.query:
            return self._page(request, resource)
        if "configurations/" in request.path:
            return web.json_response({"metadata": {"name": resource}})
        status = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}
        return web.json_response(status, status=404)

    def _page(self, request: web.Request, resource: str) -> web.Response:
        found = self._lists.get(resource, [])
        if "!" in request.query.get("labelSelector", ""):
            found = []
        elif resource == "deployments" and "PartialObjectMetadata" in request.headers["Accept"]:
            found = self._metadata
        begin = int(request.query.get("continue") or 0)
        end = begin + int(request.query["limit"])
        metadata: Json = {"resourceVersion": "9"}
        if end < len(found):
            metadata |= {"continue": str(end), "remainingItemCount": len(found) - end}
        items = b",".join(found[begin:end])
        body = b'{"metadata":' + _encoded(metadata) + b',"items":[' + items + b"]}"
        return web.Response(body=body, content_type="application/json")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(float(request.query.get("timeoutSeconds", 300)))
        return response


def _reviewed(request: web.Request, resource: str) -> Json:
    if resource == ACCESS:
        return {"status": {"allowed": True}}
    token = request.headers["Authorization"].removeprefix("Bearer ")
    return {"status": {"userInfo": {"username": token}}}


def _namespace(number: int) -> Json:
    return {"metadata": {"name": f"team-{number}", "labels": {}, "resourceVersion": "1"}}


def _deployment(number: int) -> Json:
    name, image = f"server-{number}", f"registry.example/mcp-{number % IMAGES}:1.0"
    asked = builders.server(name, replicas=1, containers=[builders.container(image=image)])
    found = stored(asked) if number % OLDER == 0 else filled_in(asked, Settings())
    found["metadata"] |= {
        "namespace": f"team-{number % NAMESPACES}",
        "uid": f"uid-{number}",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return found


def _pod(deployment: Json) -> Json:
    template = deepcopy(deployment["spec"]["template"])
    metadata, of = template.get("metadata", {}), deployment["metadata"]
    name = f"{of['name']}-7d4f"
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "controller": True}
    labels = {**metadata.get("labels", {}), POD_HASH: "7d4f"}
    created = {"namespace": of["namespace"], "creationTimestamp": of["creationTimestamp"]}
    metadata |= {"name": f"{name}-x2k9b", "uid": f"pod-{of['uid']}", "labels": labels, **created}
    metadata["ownerReferences"] = [{**owner, "uid": f"set-{of['uid']}"}]
    return {"metadata": metadata, "spec": template["spec"], "status": READY}


def _encoded(found: Json) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode()


async def serve(servers: int, certificate: str) -> None:
    """Answer until killed; the file has certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    runner = web.AppRunner(PlayedFleet(servers).application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
