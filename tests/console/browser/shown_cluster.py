"""The cluster that the pages show, the people who look at it, and the consoles that they started.

All modules of this folder share it. Whoever changes something there puts it back, or works in a
namespace of their own (`ShownCluster.release.cluster.namespace`).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.console.browser import shown_servers
from tools.release.release import WAIT, Release
from tools.release.running_console import RunningConsole

ADMINISTRATOR, MEMBER, STRANGER = "administrator", "member", "stranger"
"""Who may do everything; who has `view` and `edit` in one namespace; who has no right at all."""
MEMBERS_NAMESPACE = shown_servers.TEAM
STRANGERS_NAME = "<b>stranger</b> \u202e"
DELEGATED = "delegated={mode}"
"""Locked by the chart: namespaces choose their mode."""


class ShownCluster:
    """The release with its servers, and the console of each person, started when it is needed."""

    def __init__(self, release: Release, stack: ExitStack) -> None:
        self.release = release
        cluster = release.cluster
        self.people = {
            ADMINISTRATOR: cluster.admin,
            MEMBER: cluster.user("member"),
            STRANGER: cluster.user(STRANGERS_NAME),
        }
        self._stack, self._consoles = stack, dict[str, RunningConsole]()

    def console(self, who: str) -> RunningConsole:
        """The console of a person."""
        if who not in self._consoles:
            console = RunningConsole(self.release.cluster, self.people[who])
            self._consoles[who] = self._stack.enter_context(console)
        return self._consoles[who]

    def grant(self) -> None:
        """Give the member the rights of one in the namespace."""
        self._bind(MEMBER, MEMBERS_NAMESPACE)

    def member_of(self, namespace: str) -> str:
        """Somebody else with `view` and `edit` in one other namespace: who it is, for `sign_in`."""
        who = f"{MEMBER}-of-{namespace}"
        self.people[who] = self.release.cluster.user(who)
        self._bind(who, namespace)
        return who

    def _bind(self, who: str, namespace: str) -> None:
        for role in ("view", "edit"):
            words = ("create", "rolebinding", f"member-{role}", f"--clusterrole={role}")
            here = (f"--user={who}", "--namespace", namespace)
            self.release.cluster.kubectl(*words, *here)


@contextmanager
def shown_on(release: Release) -> Iterator[ShownCluster]:
    """Servers that were there before the product, the product, and servers that came after it."""
    with ExitStack() as stack:
        shown = ShownCluster(release, stack)
        shown_servers.apply_before(release.cluster)
        shown.grant()
        release.install("--set", DELEGATED, "--wait", "--timeout", WAIT)
        shown_servers.apply_after(release)
        yield shown
