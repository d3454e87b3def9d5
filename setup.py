"""Compiles the engine with mypyc where MCP_ADMISSION_COMPILE=1 says so; else it is pure Python.

Everything else about the package stands in pyproject.toml. The source stays beside what is
compiled of it, and runs where the extension does not fit the interpreter.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

LAYERS = ("webhook/pods", "webhook/rules", "webhook/admission")
# What stays Python in these layers, and why.
INTERPRETED = {
    "webhook/rules/rule.py": "a generic dataclass, which the compiler refuses",
    "webhook/admission/given.py": "a pydantic model, whose class is made from its source",
    "webhook/admission/drift.py": "it runs off the request path",
}


def extensions() -> list[Extension]:
    """The modules of the engine as extensions; none unless they are asked for."""
    describing = not {"dist_info", "egg_info"}.isdisjoint(sys.argv)
    if describing or os.environ.get("MCP_ADMISSION_COMPILE") != "1":
        return []
    try:
        from mypyc.build import mypycify
    except ImportError:
        sys.exit("MCP_ADMISSION_COMPILE=1 needs mypy and a C compiler: install locks/build.txt")
    modules = sorted(
        str(path)
        for layer in LAYERS
        for path in Path(layer).rglob("*.py")
        if path.name != "__init__.py" and path.as_posix() not in INTERPRETED
    )
    return mypycify(modules, opt_level="3", debug_level="0", group_name="mcp_admission")


setup(ext_modules=extensions())
