"""Manifests of the product before they are applied: what they say, and what a cluster says."""

from collections.abc import Callable
from typing import Any

import pytest

from tools.chart.shipped import everything
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, VERDICTS
from webhook.fleet.checkup.rendered_chart import RenderedChart, judge_manifests

Json = dict[str, Any]
Change = Callable[[list[Json]], object]


def verdicts(change: Change = lambda _: None) -> dict[str, tuple[str, str]]:
    """Verdict and message of each check of the shipped manifests, changed like this."""
    objects = everything()
    for each in of_kind(objects, "Deployment"):
        for container in each["spec"]["template"]["spec"]["containers"]:
            container["image"] = "registry.of.yours/mcp-admission:1"
    change(objects)
    results = judge_manifests(RenderedChart.of(objects))
    return {
        each.id.removeprefix("rendered-"): (each.verdict, each.told[0].message) for each in results
    }


def of_kind(objects: list[Json], kind: str) -> list[Json]:
    return [each for each in objects if each["kind"] == kind]


def without(kind: str, name: str = "mcp-admission") -> Change:
    def change(objects: list[Json]) -> None:
        objects[:] = [
            each
            for each in objects
            if (each["kind"], each["metadata"]["name"][: len(name)]) != (kind, name)
        ]

    return change


def replicas(count: int) -> Change:
    def change(objects: list[Json]) -> None:
        for each in of_kind(objects, "Deployment"):
            each["spec"]["replicas"] = count

    return change


def image(objects: list[Json]) -> None:
    pod = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]
    pod["containers"][0]["image"] = "registry.example/mcp-admission:1"


def mode(name: str) -> Change:
    """As an edited ConfigMap: the registrations stay as they were for enforce."""

    def change(objects: list[Json]) -> None:
        for each in of_kind(objects, "ConfigMap"):
            if each["metadata"]["name"] == "mcp-admission-locked":
                each["data"]["settings.yaml"] = f"mode: {name}\n"

    return change


def certificates(mode: str) -> Change:
    def change(objects: list[Json]) -> None:
        for each in of_kind(objects, "Deployment"):
            for container in each["spec"]["template"]["spec"]["containers"]:
                container["args"] = [
                    f"--mode={mode}" if word.startswith("--mode=") else word
                    for word in container["args"]
                ]

    return change


def pull_secret(objects: list[Json]) -> None:
    pod = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]
    pod["imagePullSecrets"] = [{"name": "pull"}]


def test_the_shipped_manifests_are_well() -> None:
    found = {name: verdict for name, (verdict, _) in verdicts().items()}

    assert found == {
        "registrations": OK,
        "settings": OK,
        "replicas": OK,
        "images": OK,
        "certificates": OK,
        "references": OK,
        "only": NOTE,
    }


@pytest.mark.parametrize(
    ("change", "check", "verdict", "words"),
    [
        (without("ValidatingWebhookConfiguration"), "registrations", FAULT, "nothing is refused"),
        (mode("warn"), "registrations", NOTE, "failurePolicy Fail in the mode warn"),
        (mode("loud"), "settings", FAULT, "mcp-admission-locked"),
        (without("ConfigMap", "mcp-admission-locked"), "settings", FAULT, "is missing"),
        (without("Deployment", "mcp-admission-control"), "replicas", FAULT, "is missing"),
        (replicas(0), "replicas", FAULT, "has no replica"),
        (replicas(1), "replicas", NOTE, "has one replica"),
        (without("PodDisruptionBudget"), "replicas", NOTE, "has no PodDisruptionBudget"),
        (image, "images", FAULT, "is an example: set image.repository"),
        (certificates("cert-manager"), "certificates", FAULT, "no Certificate writes Secret"),
        (certificates("bring-your-own"), "certificates", NOTE, "you bring Secret"),
        (pull_secret, "references", NOTE, "do not hold Secret pull"),
        (without("ServiceAccount"), "references", NOTE, "ServiceAccount mcp-admission-"),
        (without("Namespace"), "references", NOTE, "do not make namespace mcp-admission"),
    ],
)
def test_what_is_wrong_with_manifests_is_said(
    change: Change, check: str, verdict: str, words: str
) -> None:
    found = verdicts(change)

    assert found[check][0] == verdict
    assert words in found[check][1]


def test_other_manifests_are_not_of_the_product() -> None:
    assert judge_manifests(RenderedChart.of([{"kind": "Pod", "metadata": {"name": "x"}}])) == []


def test_the_installation_is_where_serve_is() -> None:
    objects = everything()
    for each in objects:
        if each["kind"] == "Deployment":
            each["metadata"]["namespace"] = "elsewhere"

    found = RenderedChart.of(objects)

    assert found.places.namespace == "elsewhere"
    assert all(each.verdict in VERDICTS for each in judge_manifests(found))
