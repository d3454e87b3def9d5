"""`mcp-admission exception draft`: a document that asks for an exception for a workload.

The last line of a refusal names this command. Its author need not know the resource, and has no
right to create it: the document is for whoever may grant it.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from webhook.admission import line
from webhook.cli import asked_workloads, output
from webhook.cli.cluster_options import add_access_options
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.judging_settings import add_settings_option
from webhook.fleet.judged_mode import ENFORCE
from webhook.kube import ApiError, ConfigurationError
from webhook.offline import exception_draft, reviewer, settings_documents
from webhook.reports.text import prepare_stdout
from webhook.settings import LONGEST_REASON, SettingsError

DAYS = 30
DESCRIPTION = """\
Drafts an MCPServerException: one workload is let off the rules that refuse it, until a day.
"""
EPILOG = """\
examples:
  mcp-admission exception draft deployment/github-tools -n team-a
  mcp-admission exception draft -f deployment.yaml
"""
DRAFT = """\
Prints an MCPServerException for a workload, filled in from what refuses it: the rules, the images
and an end. It changes nothing, and grants nothing.

Whoever grants exceptions applies the document: those who have the ClusterRole
mcp-admission-exceptions, which is bound to nobody until an administrator binds it. Send it to them.
It needs a reason, which the API server asks for: write it into the document, or give --reason.

The workload is read from the cluster. One that was refused is not there: name its manifest with -f.
Then no cluster is asked, and the settings are those of --settings, of the environment, or built in.

While the exception is in force, what its rules object to is told as a warning. Absent fields are
still filled in. The rules annotations, identity and isolation-gate have no exceptions.
"""
DRAFT_EPILOG = """\
kinds, also in the plural and as kubectl shortens them (deploy, sts, ds, rs, rc, cj, po):
  deployment, statefulset, daemonset, replicaset, replicationcontroller, job, cronjob, pod,
  podtemplate
  An exception is granted to the workload that a pod belongs to: pod/NAME drafts one for that.

examples:
  mcp-admission exception draft deployment/github-tools -n team-a
  mcp-admission exception draft -f deployment.yaml --reason "until the vendor drops root"
  helm template . | mcp-admission exception draft -f - deployment/github-tools --days 14
  mcp-admission exception draft -f deployment.yaml > exception.yaml     then write the reason in

exit codes:
  0  a document was printed
  1  there is nothing to except: the workload is not refused, or by rules without exceptions
  2  the workload does not exist or cannot be read; wrong usage or settings
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add the command and its action."""
    parser = add_command(
        subparsers,
        "exception",
        short="draft an exception for a workload that is refused",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    draft = add_command(
        actions,
        "draft",
        short="print an exception, filled in from what refuses the workload",
        description=DRAFT,
        epilog=DRAFT_EPILOG,
    )
    draft.add_argument(
        "workload",
        nargs="?",
        type=asked_workloads.workload_reference,
        metavar="KIND/NAME",
        help="the workload, such as deployment/github-tools",
    )
    _add_input_options(draft)
    _add_document_options(draft)
    add_access_options(draft)
    output.add_note_options(draft)


def _add_input_options(draft: argparse.ArgumentParser) -> None:
    draft.add_argument(
        "-f",
        "--filename",
        action="append",
        default=[],
        metavar="FILE",
        help="read the workload from this file or folder, - for standard input, and ask no "
        "cluster; without KIND/NAME, everything in it that is refused; may be repeated",
    )
    draft.add_argument(
        "-n",
        "--namespace",
        metavar="NS",
        help="the namespace of the workload, if its manifest names none (default: default)",
    )
    draft.add_argument(
        "--managed",
        action="store_true",
        help="with -f: treat every workload as an MCP server, as in a managed namespace",
    )
    add_settings_option(draft)


def _add_document_options(draft: argparse.ArgumentParser) -> None:
    draft.add_argument(
        "--days",
        type=_days,
        metavar="DAYS",
        help=f"in how many days the exception ends, at most exceptions.longestDays of the settings "
        f"(default: {DAYS})",
    )
    draft.add_argument(
        "--reason",
        type=_reason,
        metavar="TEXT",
        help="why the workload needs it (default: left empty, for you to fill in)",
    )
    draft.add_argument(
        "-o",
        "--output",
        choices=("yaml", "json"),
        default="yaml",
        help="yaml has comments for those who read it (default: %(default)s)",
    )


def _days(text: str) -> int:
    """Read a number of days; how many an exception may last, the settings say."""
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days, such as {DAYS}")
    return int(text)


def _reason(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_REASON:
        raise argparse.ArgumentTypeError(f"write 1 to {LONGEST_REASON} characters that say why")
    return text


def run(args: argparse.Namespace) -> ExitCode:
    """Print the documents; what cannot be read is an ERROR with a message."""
    if args.workload is None and not args.filename:
        args.parser.error("name a workload as KIND/NAME, or its manifest with -f FILE")
    if args.managed and not args.filename:
        args.parser.error("--managed is for manifests: name them with -f FILE")
    output.log_requests(args)
    try:
        judged = (
            asked_workloads.manifests_of_files(args)
            if args.filename
            else asyncio.run(asked_workloads.manifest_of_cluster(args))
        )
        return _print(args, list(_drafted(args, judged)))
    except (
        ApiError,
        ConfigurationError,
        asked_workloads.WorkloadNotFoundError,
        SettingsError,
    ) as error:
        output.write_error(args, line(str(error), len(str(error))))
        return ExitCode.ERROR


def _drafted(
    args: argparse.Namespace, judged: asked_workloads.ReviewableManifests
) -> Iterator[tuple[exception_draft.ExceptionDraft, int]]:
    """A draft for each object that is refused, and the days after which it ends.

    Whatever the mode, the answer is that of enforce.
    """
    enforced = settings_documents.ReviewSettings(judged.settings.in_mode(ENFORCE), {})
    longest = judged.settings.cluster.exceptions.longest_days
    if (args.days or 1) > longest:
        args.parser.error(
            f"--days {args.days}: exceptions end after at most {longest} days "
            "(exceptions.longestDays): name fewer"
        )
    for manifest in judged.manifests:
        namespace = manifest.namespace or args.namespace or "default"
        settings = enforced.of(namespace)
        outcome = reviewer.review_manifest(manifest, enforced, judged.scope, namespace)
        draft = exception_draft.draft_exception(outcome, settings, judged.scope)
        for each in (found for found in draft.others if not found.more):
            said = f"{draft.title}: no exception is granted for this, correct it: "
            output.write_error(args, f"{said}{line(each.message)} ({each.rule})")
        if draft.excepted and not draft.workload.name:
            said = f"{draft.title}: an exception needs an exact name: give it metadata.name"
            output.write_error(args, said)
        elif draft.excepted:
            if still := exception_draft.defeated(draft, settings, judged.scope):
                output.write_error(args, f"{draft.title}: {still}")
            yield draft, args.days or min(DAYS, longest)


def _print(
    args: argparse.Namespace, drafts: Sequence[tuple[exception_draft.ExceptionDraft, int]]
) -> ExitCode:
    """Print a document for each draft, several of them as kubectl takes them."""
    if not drafts:
        output.write_error(args, "nothing to except: no rule that has exceptions refuses it")
        return ExitCode.FINDINGS
    prepare_stdout()
    now = datetime.fromtimestamp(int(time.time()), UTC)
    documents: list[dict[str, Any]] = [
        draft.document(now + timedelta(days=days), args.reason or "") for draft, days in drafts
    ]
    if args.output == "json":
        several = {"apiVersion": "v1", "kind": "List", "items": documents}
        output.print_object(args, several if len(documents) > 1 else documents[0])
        return ExitCode.OK
    for at, ((draft, _), document) in enumerate(zip(drafts, documents, strict=True)):
        print("\n".join([*(["---"] if at else []), *draft.text(document)]))
    return ExitCode.OK
