"""A pod of a Deployment as the API server asks about it: 7 KB, two containers and one before them.

The shape is that of a review recorded on a real API server, a third of it managedFields; names
and images are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def pod_review() -> bytes:
    """The body that is posted to /mutate: JSON without spaces, as Go writes it."""
    review: dict[str, Any] = json.loads(Path(__file__).with_name("pod_review.json").read_text())
    return json.dumps(review, separators=(",", ":")).encode()
