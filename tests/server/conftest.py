"""What many tests of the server share."""

from pathlib import Path

import pytest
import trustme

from tests.server.certificates import Volume


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Signs the server's certificates."""
    return trustme.CA()


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    """An empty mounted Secret."""
    return Volume(tmp_path / "tls")
