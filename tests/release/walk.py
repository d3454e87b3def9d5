"""A page that several people walk, each with their own rights, in a cluster with Argo CD.

A block says who runs it, and where: `# as a member of team-a, in the repository team-a`. Without
that line, an administrator does. `git push` does to the cluster what Argo CD would.
"""

import shutil
from pathlib import Path
from typing import Any

from tests.docs.blocks import BY, Block
from tests.release.page import Page
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User
from tools.release.release import Release

Json = dict[str, Any]

REPOSITORIES = Path(__file__).with_name("repositories")
TEAMS = ("team-a", "team-b", "team-c")
SYNCED = """case "$1" in
add|commit) ;;
push)
    {kubectl} --kubeconfig {kubeconfig} apply --server-side --force-conflicts \\
        --field-manager argocd-controller --filename . > ../synced 2>&1 || true ;;
*) echo "no git $1 here" >&2; exit 2 ;;
esac"""
IN_A_REPOSITORY = ", in the repository "
# What is asked again until the cluster has followed; nothing else is run twice.
QUESTIONS = ("mcp-admission audit", "mcp-admission settings", "kubectl get", "sed ")
SECONDS = 60


class Walk:
    """Runs the blocks of a page one after another, and compares what they print with the page."""

    def __init__(self, release: Release, folder: Path) -> None:
        self.release = release
        self._page = Page(release, folder)
        self._people = {"an administrator": release.cluster.admin, **people(release.cluster)}
        shutil.copytree(REPOSITORIES, folder, dirs_exist_ok=True)
        kubectl, argocd = release.cluster.binaries["kubectl"], administrator_of_all(release.cluster)
        self._page.script("git", SYNCED.format(kubectl=kubectl, kubeconfig=argocd.kubeconfig))
        self._synced = folder / "synced"
        self.sync("cluster")
        for team in TEAMS:
            release.cluster.namespace_is_usable(team)
            self.sync(team)
        self.first = self.templates()

    def step(self, block: Block) -> None:
        """Run a block, as whom and where it says; it ends and prints as the page shows."""
        who, _, repository = (block.by or "an administrator").partition(IN_A_REPOSITORY)

        def as_shown() -> bool:
            code, printed = self._page.ended(block, self._people[who], repository or ".")
            shown = f"{block.text}\nended with {code}:\n{printed}"
            assert code == block.code, shown
            assert block.prints(printed), f"{shown}\nthe page shows:\n{block.shown}"
            return True

        if is_a_question(block):
            self.release.wait_for("answer of the page", as_shown, SECONDS)
        else:
            as_shown()
        if "git push" in block.text:
            synced = self._synced.read_text(encoding="utf-8")
            assert "rror" not in synced, synced

    def sync(self, repository: str) -> None:
        """Let Argo CD apply a repository as it is."""
        self.step(Block("", f"{BY}an administrator{IN_A_REPOSITORY}{repository}\ngit push\n"))

    def objects(self, path: str) -> list[Json]:
        """The objects of the teams below such a path."""
        lists = [self.release.cluster.get(path.format(team)) for team in TEAMS]
        return [each for found in lists for each in found["items"]]

    def templates(self) -> dict[str, Json]:
        """The pod template of each Deployment of the teams, by its name."""
        found = self.objects("/apis/apps/v1/namespaces/{}/deployments")
        return {each["metadata"]["name"]: each["spec"]["template"] for each in found}


def is_a_question(block: Block) -> bool:
    """Whether it changes nothing, so that it can be run until the cluster has followed."""
    commands = [" ".join(words) for words in block.commands]
    return all(each.startswith(QUESTIONS) or "--dry-run" in each for each in commands)


def people(cluster: ControlPlane) -> dict[str, User]:
    """A member of each team, who has the ClusterRole `admin` in the team's namespace; others."""
    members = {f"a member of {team}": cluster.user(f"member-of-{team}", team) for team in TEAMS}
    security = {"a member of security": cluster.user("member-of-security", "security")}
    return {**members, **security, "a stranger": cluster.user("stranger")}


def administrator_of_all(cluster: ControlPlane) -> User:
    """The account of Argo CD, which by default may do everything."""
    granted = ("--clusterrole=cluster-admin", "--user=argocd")
    cluster.kubectl("create", "clusterrolebinding", "argocd", *granted)
    return cluster.user("argocd")
