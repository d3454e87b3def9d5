"""The commands on a namespace of one scenario."""

from pathlib import Path

import pytest

from tests.e2e.controller.control import grant
from tests.e2e.fleet.commands import Fleet
from tests.e2e.namespace import Namespace


@pytest.fixture
def fleet(namespace: Namespace, tmp_path: Path) -> Fleet:
    """The commands, run by the administrator on a namespace without any label."""
    grant(namespace.cluster)
    return Fleet(namespace, tmp_path)
