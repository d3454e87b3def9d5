"""The options by which commands reach a cluster, and what they stand for."""

import argparse
from datetime import timedelta

import pytest

from webhook.cli import cluster_options
from webhook.controller.installation import Installation
from webhook.kube.access.client_config import NONE, Overrides


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    cluster_options.add_cluster_options(parser)
    cluster_options.add_certificate_options(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], Installation()),
        (["--service", "hook.mcp"], Installation("hook", "mcp")),
        (["--service", "hook.mcp.svc"], Installation("hook", "mcp")),
        (["--configuration", "mine"], Installation(configuration="mine")),
    ],
)
def test_the_options_name_an_installation(words: list[str], found: Installation) -> None:
    args = parsed(*words)

    assert cluster_options.installation(args) == found
    assert cluster_options.release_namespace(args) == found.namespace


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ([], NONE),
        (["--context", "far"], Overrides("far")),
        (
            ["--as", "alice", "--as-uid", "7", "--as-group", "a", "--as-group", "b"],
            Overrides(user="alice", uid="7", groups=("a", "b")),
        ),
    ],
)
def test_the_options_override_context_and_user(words: list[str], overrides: Overrides) -> None:
    assert cluster_options.connection_overrides(parsed(*words)) == overrides


def test_a_certificate_is_for_the_service_and_the_further_names() -> None:
    words = ["--service", "hook.mcp", "--name", "localhost", "--name", "::1", "--name", "*.a.test"]
    plan = cluster_options.certificate_plan(parsed(*words, "--days", "1", "--ca-days", "36500"))

    assert plan.names[0] == "hook.mcp.svc"
    assert plan.names[-3:] == ("localhost", "::1", "*.a.test")
    assert (plan.leaf_lifetime, plan.authority_lifetime) == (
        timedelta(days=1),
        timedelta(days=36_500),
    )


@pytest.mark.parametrize(
    "words",
    [
        *(["--name", name] for name in ("", "a b", "ü", "-a", "a.", "*", "a*")),
        *(["--days", days] for days in ("0", "36501", "1.5", "-1", "²", "")),
    ],
    ids=str,
)
def test_a_name_or_lifetime_that_no_certificate_can_have_is_refused(words: list[str]) -> None:
    with pytest.raises(argparse.ArgumentError, match="is no "):
        parsed(f"{words[0]}={words[1]}")
