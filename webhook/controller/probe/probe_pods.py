"""The two pods that the leader asks the API server about, and what its answers show.

Both are created as a dry run, so that nothing is stored. One must come back filled in, the other
must be refused in our words. Both already satisfy the profile `restricted` and have small
requests and limits: whatever Pod Security, a LimitRange or a quota says in their namespace is not
about us, and is no sign of an outage.
"""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum
from typing import Any, NamedTuple

import aiohttp

from webhook import names
from webhook.kube import Api, ApiError, NotFound, namespaced
from webhook.settings import RuleId, Settings

# It is never pulled; images of this registry are allowed where images are restricted.
IMAGE = "registry.k8s.io/pause:3.10"
ENFORCE = "enforce"
NO_CONTAINER = "none-of-this-name"
RULE: RuleId = "annotations"
# An API server waits five seconds for a webhook, and may call it a second time.
SECONDS_TO_ANSWER = 8.0
LONGEST_QUOTE = 400

_OURS = re.compile(r'webhook "[a-z-]+\.mcp-admission\.dev"')
_FAILED = "failed calling webhook"
_DENIED = 'denied the request: MCP server "'
_SAYS = "mcp-admission enforces"

Json = dict[str, Any]


class Shows(Enum):
    """What the answer to one of the pods shows."""

    FILLED = "filled in"
    PLAIN = "let through as it is"
    REFUSED = "refused by us"
    FAILED = "the webhook could not be called"
    OTHERS = "refused by something else"
    SILENT = "no answer"


class PodAnswer(NamedTuple):
    """What an answer shows, and what it says; `warned` is whether we warned in it."""

    shown: Shows
    said: str = ""
    warned: bool = False


class ProbeAnswers(NamedTuple):
    """The answers to both pods in one namespace, and the mode that is in force there.

    `refuses` is whether its settings refuse the second one: they may let everything pass.
    """

    namespace: str
    filled: PodAnswer
    refused: PodAnswer
    mode: str = ENFORCE
    refuses: bool = True

    @property
    def both(self) -> tuple[PodAnswer, PodAnswer]:
        """Both answers."""
        return self.filled, self.refused

    def first(self, shown: Shows) -> PodAnswer | None:
        """The first answer that shows this."""
        return next((each for each in self.both if each.shown is shown), None)

    @property
    def by_others(self) -> bool:
        """Whether something else in the namespace refused one, so that another may show more."""
        return self.first(Shows.OTHERS) is not None and self.first(Shows.FAILED) is None


def pod_to_fill() -> Json:
    """A pod that must come back filled in."""
    return _pod({})


def pod_to_refuse() -> Json:
    """The same pod with a request that nothing grants, and no exception lets pass."""
    return _pod({names.CONTAINER: NO_CONTAINER})


def _pod(annotations: dict[str, str]) -> Json:
    amounts = {"cpu": "10m", "memory": "16Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{names.PROBE_POD}{uuid.uuid4().hex[:8]}",
            "labels": {names.SERVER: "true"},
            "annotations": annotations,
        },
        "spec": {
            "securityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "probe",
                    "image": IMAGE,
                    "resources": {"requests": amounts, "limits": amounts},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }


def is_refused(settings: Settings) -> bool:
    """Whether these settings refuse the second pod; an override cannot mend what it asks for."""
    return settings.conflict_action(RULE) in {"deny", "override"}


async def ask(api: Api, namespace: str, settings: Settings) -> ProbeAnswers:
    """Ask about both pods at once, in a namespace with these settings."""
    path = namespaced("v1", "pods", namespace)
    filled, refused = await asyncio.gather(
        *(_asked(api, path, pod) for pod in (pod_to_fill(), pod_to_refuse()))
    )
    return ProbeAnswers(namespace, filled, refused, settings.mode, is_refused(settings))


async def _asked(api: Api, path: str, pod: Json) -> PodAnswer:
    warnings: list[str] = []
    try:
        found = await api.create(
            path, pod, dry_run=True, seconds=SECONDS_TO_ANSWER, read=_reading(warnings)
        )
    except ApiError as error:
        return read_refusal(error)
    return read_pod(found, warnings)


def _reading(warnings: list[str]) -> Callable[[aiohttp.ClientResponse], Awaitable[bytes]]:
    """How to read an answer, so that its warnings are in the list."""

    async def read(answer: aiohttp.ClientResponse) -> bytes:
        warnings.extend(answer.headers.getall("Warning", ()))
        return await answer.read()

    return read


def read_pod(found: Json, warnings: Iterable[str] = ()) -> PodAnswer:
    """What a pod shows that came back: only our webhook notes what it has filled in."""
    noted = names.INJECTED in (found.get("metadata", {}).get("annotations") or {})
    warned = any(_SAYS in each for each in warnings)
    return PodAnswer(Shows.FILLED if noted else Shows.PLAIN, warned=warned)


def read_refusal(error: ApiError) -> PodAnswer:
    """What it shows that a pod did not come back."""
    said = quote(error.message)
    ours = _OURS.search(error.message) is not None
    if ours and _FAILED in error.message:
        return PodAnswer(Shows.FAILED, said)
    if ours and _DENIED in error.message:
        return PodAnswer(Shows.REFUSED, said)
    silent = error.status in (0, 429) or (error.status >= 500 and _FAILED not in error.message)
    # A namespace that is gone says nothing about the others.
    silent = silent and not isinstance(error, NotFound)
    return PodAnswer(Shows.SILENT if silent else Shows.OTHERS, said)


def quote(message: str) -> str:
    """The last thing that an API server says, on one line: not which request it was said to."""
    said = re.sub(r"^(POST|GET) \S+: (\d+ \w+: )?(Internal error occurred: )?", "", message)
    text = " ".join(said.split())
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 3]}..."
