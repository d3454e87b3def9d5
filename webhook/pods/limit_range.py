"""What LimitRanges of the namespace filled in, as the API server says on the pod.

Nothing else tells a LimitRange's default from a value that an author wrote. Whoever writes a pod
can write the annotation too, so that it exempts from no ceiling, and a long one is not read.
"""

from functools import lru_cache

from webhook.pods.fields import Fields
from webhook.pods.pod import PodHead

ANNOTATION = "kubernetes.io/limit-ranger"
SAID = "LimitRanger plugin set: "
KINDS = {"containers": "container", "initContainers": "init container"}


def filled_in(head: PodHead, container: Fields, part: str) -> frozenset[str]:
    """The names of the container's `requests` or `limits` that a LimitRange filled in."""
    text, kind = head.annotations.get(ANNOTATION), KINDS.get(container.key)
    if kind is None or not isinstance(text, str) or head.origin.too_long(text):
        return frozenset()
    of_container = f"{part.removesuffix('s')} for {kind} {container.get('name')}"
    return _read(text).get(of_container, frozenset())


@lru_cache(maxsize=4)
def _read(text: str) -> dict[str, frozenset[str]]:
    """Names by what they are of: `memory, cpu request for container main` is one of the parts."""
    if not text.startswith(SAID):
        return {}
    found = {}
    for said in text.removeprefix(SAID).split("; "):
        *names, last = said.split(", ")
        name, _, of_container = last.partition(" ")
        found[of_container] = frozenset({*names, name})
    return found
