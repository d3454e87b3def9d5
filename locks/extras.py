"""Say which requirements of the installed packages are not met, those of extras too.

`pip check` looks at no extra: of `coverage[toml]` it wants `coverage` alone.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name


def unmet(installed: Mapping[str, Distribution]) -> Iterator[str]:
    """One sentence for each requirement that nothing installed meets; keys are canonical names."""
    asked = dict.fromkeys((name, "") for name in installed)
    waiting = list(asked)
    for name, extra in waiting:
        for requirement in map(Requirement, installed[name].requires or []):
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            wanted = canonicalize_name(requirement.name)
            found = installed.get(wanted)
            if found is None or not requirement.specifier.contains(found.version, prereleases=True):
                who = f"{name}[{extra}]" if extra else name
                is_there = "is not installed" if found is None else f"is {found.version} here"
                needs = f"{requirement.name}{requirement.specifier}"
                yield f"{who} {installed[name].version} requires {needs}, which {is_there}."
                continue
            for each in sorted(requirement.extras):
                if (wanted, each) not in asked:
                    asked[wanted, each] = None
                    waiting.append((wanted, each))


def main() -> int:
    """Print them; the status tells whether there are any."""
    found = list(unmet({str(canonicalize_name(each.name)): each for each in distributions()}))
    print(*found, sep="\n", end="")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
