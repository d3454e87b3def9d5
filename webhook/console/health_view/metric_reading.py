"""What the product's pods count, read through the API server with the rights of whoever looks.

No address is called but that of the API server: it calls the pod, by `pods/proxy`. What a pod says
is bounded in bytes, and only the lines of metrics that a page shows are parsed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from webhook import names
from webhook.controller.installation import Installation
from webhook.kube import Api, ApiError, Forbidden, namespaced, text_within
from webhook.observe.instruments import NAMESPACE

Json = dict[str, Any]
SERVE, CONTROL = "serve", "control"
PORT_NAME, PORT = "metrics", 8080
MOST_PODS, MOST_AT_ONCE, MOST_BYTES, SECONDS = 50, 10, 2**20, 5.0
"""Of a component: pods that are read, and at a time; bytes of one, and how long it may take."""
REVIEWS, FINDINGS = f"{NAMESPACE}_reviews_total", f"{NAMESPACE}_findings_total"
DURATIONS = f"{NAMESPACE}_review_duration_seconds_bucket"
LEADER, QUEUES = f"{NAMESPACE}_leader", f"{NAMESPACE}_queue_depth"
SHOWN = (REVIEWS, FINDINGS, DURATIONS, LEADER, QUEUES)
MAY_NOT_PROXY = (
    "you may not read metrics of {namespace}: that takes the verb get on pods/proxy there; {said}"
)
MAY_NOT_LIST = "you may not list the pods of {namespace}: {said}"


class PodMetrics(NamedTuple):
    """What one pod has counted since it began.

    `reviews` are by decision, those of dry runs under `dry-run`. `within` are reviews that took at
    most so many seconds. `refusals` are findings that refuse, by rule. `queues` are the keys that
    wait, by reconciler.
    """

    reviews: dict[str, float]
    within: dict[float, float]
    refusals: dict[str, float]
    queues: dict[str, float]
    leads: bool


class MetricReading(NamedTuple):
    """The metrics of the pods of a component, and a sentence for each that could not be read."""

    pods: dict[str, PodMetrics]
    problems: tuple[str, ...] = ()


async def read_metrics(api: Api, places: Installation, component: str) -> MetricReading:
    """What the pods of this component count; raises ApiError where the API server does not answer.

    Without the right to read them, there is one sentence that names it.
    """
    namespace = places.namespace
    pods: list[Json] = []
    labels = f"app.kubernetes.io/name={names.PRODUCT},app.kubernetes.io/component={component}"
    try:
        await api.list_each(namespaced("v1", "pods", namespace), pods.append, label_selector=labels)
    except Forbidden as error:
        return MetricReading({}, (MAY_NOT_LIST.format(namespace=namespace, said=error.message),))
    running = sorted(filter(_runs, pods), key=lambda pod: str(pod["metadata"]["name"]))
    turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def read(pod: Json) -> PodMetrics | ApiError:
        async with turns:
            return await _read_pod(api, pod)

    found = await asyncio.gather(*(read(pod) for pod in running[:MOST_PODS]))
    by_name = {pod["metadata"]["name"]: each for pod, each in zip(running, found, strict=False)}
    problems = list(_problems(namespace, by_name))
    if len(running) > MOST_PODS:
        problems.append(f"{len(running) - MOST_PODS} more pods are not read: {MOST_PODS} are")
    read_ones = {name: each for name, each in by_name.items() if isinstance(each, PodMetrics)}
    return MetricReading(read_ones, tuple(problems))


def parse_metrics(text: str) -> PodMetrics:
    """What the text of a pod says; raises ValueError where it is not the exposition format."""
    lines = (line for line in text.splitlines() if line.startswith(SHOWN))
    reviews, refusals, queues = (defaultdict[str, float](float) for _ in range(3))
    within, leads = defaultdict[float, float](float), False
    for name, labels, value in _samples("\n".join([*lines, ""])):
        if name == REVIEWS:
            dry = labels.get("dry_run") == "true"
            reviews["dry-run" if dry else labels.get("decision", "")] += value
        elif name == DURATIONS:
            within[float(labels["le"])] += value
        elif name == FINDINGS and labels.get("severity") == "error":
            refusals[labels.get("rule", "")] += value
        elif name == QUEUES:
            queues[labels.get("reconciler", "")] += value
        elif name == LEADER:
            leads = value > 0
    return PodMetrics(dict(reviews), dict(within), dict(refusals), dict(queues), leads)


def _samples(text: str) -> Iterable[tuple[str, dict[str, str], float]]:
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if isfinite(sample.value):
                    yield sample.name, sample.labels, sample.value
    except (AttributeError, LookupError) as error:
        raise ValueError(type(error).__name__) from error


async def _read_pod(api: Api, pod: Json) -> PodMetrics | ApiError:
    metadata = pod["metadata"]
    called = f"{metadata['name']}:{_port(pod)}"
    path = namespaced("v1", "pods", metadata["namespace"], called, "proxy", "metrics")
    try:
        found = await api.get(path, seconds=SECONDS, read=text_within(MOST_BYTES))
        return await asyncio.to_thread(parse_metrics, str(found.get("text")))
    except ApiError as error:
        return error
    except (ValueError, LookupError):
        return ApiError(200, "NoMetrics", f"GET {path}: what came is not the format of metrics")


def _problems(namespace: str, found: Mapping[str, PodMetrics | ApiError]) -> Iterator[str]:
    """A sentence for each pod that is not counted; a right that is missing is said once."""
    forbidden = [each.message for each in found.values() if isinstance(each, Forbidden)]
    if forbidden:
        yield MAY_NOT_PROXY.format(namespace=namespace, said=forbidden[0])
    for name, each in found.items():
        if isinstance(each, ApiError) and not isinstance(each, Forbidden):
            yield f"pod {name} is not counted: {each.message}"


def _runs(pod: Json) -> bool:
    status = pod.get("status") or {}
    return "deletionTimestamp" not in pod["metadata"] and status.get("phase") == "Running"


def _port(pod: Json) -> int:
    """The port that the chart calls `metrics`; it is plain HTTP."""
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == PORT_NAME:
                return int(port["containerPort"])
    return PORT
