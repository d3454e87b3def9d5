"""Which namespace is asked: one that enforces, and the same one again as long as it will do."""

from tests.controller.probe.probed import cluster_state
from tests.controller.servers.one_server import deployment
from tests.kube.virtual_time import run
from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.controller.probe import candidates
from webhook.controller.probe.candidates import MOST_AT_ONCE, Candidates


def chosen(
    state: ClusterState, scope: Scope = Scope.OPTED_IN, left: tuple[str, ...] = ()
) -> list[str]:
    async def main() -> list[str]:
        found = Candidates(scope)
        for name in left:
            found.leave(name)
        return found.choose(state)

    return run(main())


def test_default_comes_first_then_a_namespace_with_servers_then_any() -> None:
    state = cluster_state("a", "b", "default", "team")
    state.deployments.put(deployment({}))

    assert chosen(state) == ["default", "team", "a"]


def test_those_that_are_left_alone_or_of_another_scope_are_not_asked() -> None:
    state = cluster_state("kube-system", "release", "b", managed=("a", "c"))

    assert chosen(state) == ["b"]
    assert chosen(state, Scope.MANAGED) == ["a", "c"]
    assert chosen(cluster_state("a"), Scope.MANAGED) == []


def test_one_below_enforce_is_asked_only_where_no_other_is() -> None:
    assert chosen(cluster_state("default", "zoo", default="observe")) == ["zoo", "default"]
    assert chosen(cluster_state("default", default="warn")) == ["default"]


def test_one_in_which_others_refuse_comes_last_and_so_many_are_tried() -> None:
    state = cluster_state("default", "a", "b", "c", "d")

    assert chosen(state) == ["default", "a", "b"]
    assert chosen(state, left=("default", "a")) == ["b", "c", "d"]
    assert len(chosen(state, left=("default", "a", "b"))) == MOST_AT_ONCE


def test_one_that_has_shown_something_is_asked_again_as_long_as_it_is_there() -> None:
    state = cluster_state("a", "b", "default")

    async def main() -> list[list[str]]:
        one = Candidates(Scope.OPTED_IN)
        one.keep("b")
        found = [one.choose(state)]
        state.namespaces.drop("", "b")
        found.append(one.choose(state))
        one.keep("a")
        one.leave("a")
        return [*found, one.choose(state)]

    assert run(main()) == [["b"], ["default", "a"], ["default", "a"]]


def test_what_is_remembered_is_bounded() -> None:
    async def main() -> list[str]:
        one = Candidates(Scope.OPTED_IN)
        for number in range(candidates.MOST_REMEMBERED + 1):
            one.leave(f"n{number}")
        return one.choose(cluster_state("n0", "n1"))

    # The first one is forgotten, and as good as new.
    assert run(main()) == ["n0", "n1"]
