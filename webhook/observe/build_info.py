"""What runs here: the version, its Python and system, and whether the engine is compiled.

The engine (webhook/pods, webhook/rules, webhook/admission) is Python that may also be compiled to
extension modules. Import prefers those, where they fit the interpreter.
"""

import platform
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

# Every review runs through this module.
_OF_ENGINE = "pods/fields"


class BuildInfo(NamedTuple):
    """What `version` prints and what the metric `mcp_admission_build_info` is labelled with.

    `engine` is `compiled` or `python`.
    """

    version: str
    python: str
    platform: str
    engine: str


def build_info() -> BuildInfo:
    """Read the metadata of the installed package, and look which form of the engine is beside it.

    It imports nothing of the engine: `--version` answers at once.
    """
    beside = Path(__file__).parents[1] / _OF_ENGINE
    compiled = any(beside.with_name(beside.name + suffix).exists() for suffix in EXTENSION_SUFFIXES)
    return BuildInfo(
        version=version("mcp-admission"),
        python=platform.python_version(),
        platform=f"{platform.system().lower()}/{platform.machine()}",
        engine="compiled" if compiled else "python",
    )
