"""What a command line says about the way to the cluster beside the file."""

from typing import NamedTuple


class Overrides(NamedTuple):
    """The context, and who is impersonated; what is empty is left to the kubeconfig."""

    context: str = ""
    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()


NONE = Overrides()
