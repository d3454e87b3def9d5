"""The workloads that a command is asked about: in the cluster, or in files without one.

Both come as manifests, with the settings by which they are reviewed, so that one review judges
both.
"""

import argparse
import json
from collections.abc import Sequence
from typing import NamedTuple

from webhook.admission import KINDS, PODS, Scope, as_created
from webhook.cli import output
from webhook.cli.cluster_options import connect_to_cluster, release_namespace
from webhook.cli.command import did_you_mean
from webhook.cli.judging_settings import judging_settings, settings_of_files
from webhook.documents import read_documents
from webhook.fleet.surroundings import Surroundings
from webhook.kube import Forbidden, NotFound, cluster_wide, namespaced
from webhook.offline.manifests import Manifest, read_manifests
from webhook.offline.unreviewed_kinds import VERSIONS
from webhook.settings import SettingsByNamespace

SHORT_NAMES = {
    "pods": "po",
    "deployments": "deploy",
    "statefulsets": "sts",
    "daemonsets": "ds",
    "replicasets": "rs",
    "cronjobs": "cj",
    "replicationcontrollers": "rc",
}
"""The short names of kubectl."""


class WorkloadReference(NamedTuple):
    """A kind of workload by its resource, and a name."""

    resource: str
    name: str

    @property
    def kind(self) -> str:
        """The kind as manifests have it."""
        return KINDS[self.resource][0]

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


class WorkloadNotFoundError(Exception):
    """What was asked about is not there, in one sentence with the way out."""


class ReviewableManifests(NamedTuple):
    """Objects with the settings and the scope to review them by."""

    manifests: Sequence[Manifest]
    settings: SettingsByNamespace
    scope: Scope


def workload_reference(text: str) -> WorkloadReference:
    """Read KIND/NAME; raises ArgumentTypeError."""
    word, slash, name = text.partition("/")
    if not (slash and word and name) or "/" in name:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no KIND/NAME, such as deployment/github-tools"
        )
    words: dict[str, str] = {}
    for resource, (kind, _) in KINDS.items():
        plural, dot, group = resource.partition(".")
        singular = kind.lower()
        for each in (singular, plural, f"{singular}{dot}{group}", resource):
            words[each] = resource
        words[SHORT_NAMES.get(plural, plural)] = resource
    resource = words.get(word.lower(), "")
    if not resource:
        hint = did_you_mean(word.lower(), words) or (
            ": draft it for one of its pods, as in pod/NAME, and it is for what they belong to"
        )
        raise argparse.ArgumentTypeError(f"{word!r} is no kind that is reviewed{hint}")
    return WorkloadReference(resource, name)


def manifests_of_files(args: argparse.Namespace) -> ReviewableManifests:
    """The objects of the files that are asked about."""
    if args.filename.count("-") > 1:
        args.parser.error("-f -: standard input can be read once: name it once")
    found = read_manifests(args.filename)
    if found.faults:
        raise WorkloadNotFoundError("; ".join(map(str, found.faults)))
    asked: WorkloadReference | None = args.workload
    manifests = [each for each in found.manifests if asked is None or _is(each, asked, args)]
    if not manifests:
        what = "no Kubernetes object" if asked is None else f"no {asked}"
        where = f" of namespace {args.namespace}" if asked and args.namespace else ""
        raise WorkloadNotFoundError(
            f"{', '.join(args.filename)}: {what}{where} is there: name another file"
        )
    scope = Scope.MANAGED if args.managed else Scope.OPTED_IN
    return ReviewableManifests(manifests, settings_of_files(args), scope)


def _is(manifest: Manifest, asked: WorkloadReference, args: argparse.Namespace) -> bool:
    here = not (args.namespace and manifest.namespace) or manifest.namespace == args.namespace
    return here and (manifest.kind, manifest.name) == (asked.kind, asked.name)


async def manifest_of_cluster(args: argparse.Namespace) -> ReviewableManifests:
    """The object as the API server has it, by the settings of the cluster."""
    asked: WorkloadReference = args.workload
    namespace = args.namespace or "default"
    version, resource = VERSIONS[asked.kind], asked.resource.partition(".")[0]
    async with await connect_to_cluster(args) as api:
        by = (await judging_settings(api, args)).known
        output.write_note(args, f"judged by {by.source}")
        around = Surroundings(by.settings, release_namespace(args))
        try:
            found = await api.get(namespaced(version, resource, namespace, asked.name))
        except NotFound:
            raise WorkloadNotFoundError(
                f"{asked} does not exist in namespace {namespace}: if it was refused, name its "
                f"manifest: mcp-admission exception draft -f FILE {asked} -n {namespace}"
            ) from None
        try:
            around.add_namespace(await api.get(cluster_wide("v1", "namespaces", namespace)))
        except Forbidden:
            output.write_note(args, f"namespace {namespace} may not be read: only labels count")
    if around.excluded(namespace):
        return ReviewableManifests((), by.settings, Scope.OPTED_IN)
    if asked.resource == PODS:
        found |= as_created(found)
    found["metadata"].pop("managedFields", None)
    document = read_documents(json.dumps(found), str(asked))[0]
    manifest = Manifest(document, document.value, version, asked.kind)
    return ReviewableManifests([manifest], by.settings, around.scope(namespace))
