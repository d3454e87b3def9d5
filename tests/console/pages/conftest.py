"""A page waits for what it shows, however slow the machine is."""

import pytest

from webhook.console.pages import fleet_page


@pytest.fixture(autouse=True)
def patient_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page comes when its servers are read, and not sooner with how far that is."""
    monkeypatch.setattr(fleet_page, "WAITED_SECONDS", 60.0)
