"""`make demo`: what the cluster would add, and the same over TLS as the API server asks it."""

import base64
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import yaml

from tools.demo.serving import serving
from webhook.cli.main import main

MANIFEST = Path("manifests/examples/npx-bridge.yaml")
REFUSED = Path("manifests/examples/contradictory-bridge.yaml")


def say(text: str) -> None:
    """Print a paragraph of the demonstration."""
    print(f"\n{textwrap.fill(text, 96)}\n", flush=True)


def admission_review(manifest: Any) -> bytes:
    """What the API server posts when somebody creates this Deployment."""
    kind = {"group": "apps", "version": "v1"}
    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {**kind, "kind": "Deployment"},
        "resource": {**kind, "resource": "deployments"},
        "name": manifest["metadata"]["name"],
        "namespace": "tools",
        "operation": "CREATE",
        "userInfo": {"username": "developer"},
        "object": manifest,
        "oldObject": None,
        "dryRun": False,
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(review).encode()


def show_answers() -> None:
    """Ask a real serving process over TLS and print what it answers."""
    with serving() as server:
        answer = server.post("/mutate", admission_review(yaml.safe_load(MANIFEST.read_text())))
        response = answer["response"]
        print(f"allowed: {response['allowed']}")
        for operation in json.loads(base64.b64decode(response.get("patch", "W10="))):
            value = json.dumps(operation.get("value"))
            shown = value if len(value) <= 100 else f"{value[:97]}..."
            print(f"  {operation['op']:8}{operation['path']}\n          {shown}")
        say("A Deployment that asks for root and NET_ADMIN gets this answer:")
        answer = server.post("/mutate", admission_review(yaml.safe_load(REFUSED.read_text())))
        print(answer["response"]["status"]["message"])


if __name__ == "__main__":
    say(f"1. What would the cluster make of {MANIFEST}?  $ mcp-admission review {MANIFEST}")
    code = main(["review", str(MANIFEST)])
    say(
        "2. The same Deployment as the API server sends it: an AdmissionReview over TLS to "
        "`mcp-admission serve`, with certificates that live as long as this demonstration."
    )
    show_answers()
    say(
        "Next: `make test`, docs/rules.md, `.venv/bin/mcp-admission review` on your own "
        "manifests, and `make cluster` for a real Kubernetes control plane to use kubectl on."
    )
    sys.exit(code)
