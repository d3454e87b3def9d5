"""A namespace that comes under management, or leaves it, while things are in it."""

from tests.builders import NOT_LABELLED, bare_pod
from tests.e2e.conftest import MANAGED
from tests.e2e.namespace import Namespace


def begin(namespace: Namespace) -> None:
    """Label the namespace, and wait until everything in it is reviewed."""
    _label(namespace, dict(MANAGED), refused=True)


def end(namespace: Namespace) -> None:
    """Take the label off, and wait until what is not labelled is left alone."""
    _label(namespace, dict.fromkeys(MANAGED), refused=False)


def _label(namespace: Namespace, labels: dict[str, str | None], *, refused: bool) -> None:
    namespace.label(labels)
    probe = bare_pod("probe", labels=NOT_LABELLED, hostPID=True)
    namespace.cluster.wait_for(
        "management in force" if refused else "end of the management",
        lambda: namespace.objects_to(probe) is refused,
    )
