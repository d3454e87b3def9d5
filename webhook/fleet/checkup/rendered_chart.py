"""Judgments of the product's manifests before they are applied, by Helm or by kubectl.

What is in the manifests is judged; what only a cluster can tell is said in the end. Manifests of
servers are no matter of this: `mcp-admission review` judges them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from webhook.controller.installation import (
    AUTHORITY_SECRET,
    CONSOLE_SECRETS,
    LOCKED_CONFIG_MAP,
    SERVING_SECRET,
    SETTINGS_CONFIG_MAP,
    Installation,
)
from webhook.fleet.checkup.checks import (
    FAULT,
    NOTE,
    OK,
    CheckResult,
    Told,
    badness,
    listing,
)
from webhook.fleet.checkup.processes import PROCESSES, issuer_by_arguments
from webhook.fleet.checkup.readings import MUTATING, VALIDATING
from webhook.fleet.checkup.registered import registration_faults
from webhook.fleet.policies.policy_parts import selects
from webhook.settings import FILE, Settings, SettingsError, parse_settings

Json = dict[str, Any]
PART = "manifests"
NOT_A_REGISTRY = ("registry.example/", "example.com/", "localhost/")
"""Names that stand for a registry, and are none."""
MADE_IN_A_CLUSTER = {
    ("ConfigMap", SETTINGS_CONFIG_MAP),
    ("Secret", AUTHORITY_SECRET),
    *(("Secret", name) for name in CONSOLE_SECRETS),
}
"""What the product itself makes beside what is installed."""
ONLY_A_CLUSTER = (
    "your rights, other webhooks, the network plugin, runtime classes, whether images can be "
    "pulled, and whether pods start"
)


class RenderedChart(NamedTuple):
    """The objects of the manifests, and the installation that they are of."""

    objects: Sequence[Json]
    places: Installation

    @classmethod
    def of(cls, objects: Sequence[Json]) -> "RenderedChart":
        """The installation that these objects are: its namespace is that of `serve`."""
        found = cls(objects, Installation())
        serve = found.named("Deployment", PROCESSES[0])
        namespace = (serve or {"metadata": {}})["metadata"].get("namespace")
        return cls(objects, Installation(namespace=namespace)) if namespace else found

    def of_kind(self, kind: str) -> list[Json]:
        """The objects of a kind."""
        return [each for each in self.objects if each.get("kind") == kind]

    def named(self, kind: str, name: str) -> Json | None:
        """The object of this kind and name."""
        found = (each for each in self.of_kind(kind) if each["metadata"].get("name") == name)
        return next(found, None)

    @property
    def certificates(self) -> str:
        """Who issues the certificates, as the arguments of their process say."""
        deployment = self.named("Deployment", PROCESSES[2])
        return issuer_by_arguments(deployment) if deployment else "own"


Judge = Callable[[RenderedChart], Iterable[Told]]


def judge_manifests(found: RenderedChart) -> list[CheckResult]:
    """The result of every check of manifests; empty where they hold no webhook configuration."""
    if not found.of_kind(MUTATING) and not found.of_kind(VALIDATING):
        return []
    told = ((name, tuple(judge(found))) for name, judge in RENDERED_CHECKS.items())
    return [
        CheckResult(name, PART, tuple(sorted(each, key=badness, reverse=True)))
        for name, each in told
        if each
    ]


def _settings(found: RenderedChart) -> Iterator[Told]:
    config_map = found.named("ConfigMap", LOCKED_CONFIG_MAP)
    if config_map is None:
        yield Told(FAULT, f"ConfigMap {LOCKED_CONFIG_MAP} is missing: no process would start")
        return
    try:
        settings = parse_settings(_text(config_map), f"ConfigMap {LOCKED_CONFIG_MAP}, {FILE}")
    except SettingsError as error:
        yield Told(FAULT, " ".join(str(error).split()))
    else:
        yield Told(OK, f"the settings are valid, with the mode {settings.mode}")


def _text(config_map: Json) -> str:
    return str((config_map.get("data") or {}).get(FILE) or "")


def _registrations(found: RenderedChart) -> Iterator[Told]:
    config_map = found.named("ConfigMap", LOCKED_CONFIG_MAP)
    try:
        mode = parse_settings(_text(config_map or {}), FILE).mode
    except SettingsError:
        mode = Settings().mode
    name = found.places.configuration
    both = {kind: found.named(kind, name) for kind in (MUTATING, VALIDATING)}
    faults = list(registration_faults(both, found.places, mode))
    yield from faults or [Told(OK, f"both webhook configurations fit the mode {mode}")]


def _replicas(found: RenderedChart) -> Iterator[Told]:
    for name in PROCESSES:
        deployment = found.named("Deployment", name)
        if deployment is None:
            yield Told(FAULT, f"Deployment {name} is missing")
            continue
        count = deployment["spec"].get("replicas", 1)
        if not count:
            yield Told(FAULT, f"{name} has no replica")
        elif count == 1:
            yield Told(NOTE, f"{name} has one replica: while it restarts, none works")
        elif not _has_budget(found, deployment):
            told = f"{name} has no PodDisruptionBudget: a drain may stop all replicas at once"
            yield Told(NOTE, told)
        else:
            yield Told(OK, f"{name} has {count} replicas and a PodDisruptionBudget")


def _has_budget(found: RenderedChart, deployment: Json) -> bool:
    labels = (deployment["spec"]["template"].get("metadata") or {}).get("labels") or {}
    budgets = found.of_kind("PodDisruptionBudget")
    return any(selects(each["spec"].get("selector"), labels) for each in budgets)


def _images(found: RenderedChart) -> Iterator[Told]:
    images = {
        container["image"]
        for deployment in found.of_kind("Deployment")
        for container in _pod(deployment)["containers"]
    }
    for image in sorted(images):
        if image.startswith(NOT_A_REGISTRY):
            told = f"image {image} is an example: set image.repository to the one that you pushed"
            yield Told(FAULT, told)
        else:
            yield Told(OK, f"image {image}")


def _pod(deployment: Json) -> Json:
    found: Json = deployment["spec"]["template"]["spec"]
    return found


def _certificates(found: RenderedChart) -> Iterator[Told]:
    mode = found.certificates
    if mode == "own":
        yield Told(OK, "the product issues its certificates itself (certificates.mode own)")
    elif mode == "cert-manager":
        names = [each["spec"].get("secretName") for each in found.of_kind("Certificate")]
        if SERVING_SECRET in names:
            yield Told(OK, "cert-manager issues the certificates: its CRDs have to be there")
        else:
            yield Told(FAULT, f"no Certificate writes Secret {SERVING_SECRET}")
    else:
        told = f"you bring Secret {SERVING_SECRET}, and put its CA into caBundle"
        there = found.named("Secret", SERVING_SECRET) is not None
        yield Told(OK if there else NOTE, told)


def _references(found: RenderedChart) -> Iterator[Told]:
    """What the pods mount or run as, and neither the manifests nor the product make."""
    missing = set()
    for deployment in found.of_kind("Deployment"):
        for kind, name in _referred(_pod(deployment)):
            made = (kind, name) in MADE_IN_A_CLUSTER or (kind, name) == ("Secret", SERVING_SECRET)
            if not made and found.named(kind, name) is None:
                missing.add(f"{kind} {name}")
    if missing:
        yield Told(NOTE, f"the manifests do not hold {listing(sorted(missing))}: make it before")
    spaces = {each["metadata"].get("namespace") for each in found.objects} - {None, ""}
    made_here = {each["metadata"]["name"] for each in found.of_kind("Namespace")}
    absent = sorted(spaces - made_here)
    if absent:
        told = f"the manifests do not make namespace {listing(absent)}: --create-namespace does"
        yield Told(NOTE, told, f"kubectl create namespace {absent[0]}")
    if not missing and not absent:
        yield Told(OK, "everything that the pods refer to is there")


def _referred(pod: Json) -> Iterator[tuple[str, str]]:
    if pod.get("serviceAccountName"):
        yield "ServiceAccount", pod["serviceAccountName"]
    for each in pod.get("imagePullSecrets") or []:
        yield "Secret", each["name"]
    for volume in pod.get("volumes") or []:
        sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
        for source in sources:
            for kind, key, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "")):
                reference = source.get(key) or {}
                named = reference.get(name or "secretName") or reference.get("name")
                if named and not reference.get("optional"):
                    yield kind, named


def _only_a_cluster(_: RenderedChart) -> Iterator[Told]:
    told = f"only a cluster can tell: {ONLY_A_CLUSTER}"
    yield Told(NOTE, told, "mcp-admission check")


RENDERED_CHECKS: dict[str, Judge] = {
    "rendered-registrations": _registrations,
    "rendered-settings": _settings,
    "rendered-replicas": _replicas,
    "rendered-images": _images,
    "rendered-certificates": _certificates,
    "rendered-references": _references,
    "rendered-only": _only_a_cluster,
}
"""The checks of manifests, in their order."""
