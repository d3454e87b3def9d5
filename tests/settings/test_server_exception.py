"""Which pods an exception is for."""

import pytest

from webhook.settings.server_exception import ServerException

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("wanted", "images", "matches"),
    [
        ((), ["anything"], True),
        (("ghcr.io/example/",), ["ghcr.io/example/a:1", "ghcr.io/example/b"], True),
        (("ghcr.io/example/",), ["ghcr.io/example/a:1", "docker.io/b"], False),
        (("ghcr.io/example",), ["ghcr.io/example/a:1"], True),
        (("ghcr.io/example",), ["ghcr.io/example-evil/a:1"], False),
        (("ghcr.io/example/a:1",), ["ghcr.io/example/a:1"], True),
        (("ghcr.io",), ["ghcr.io/example/a:1"], True),
        (("ghcr.io",), ["ghcr.io:5000/example/a:1"], False),
        (("ghcr.io:5000",), ["ghcr.io:5000/example/a:1"], True),
        (("nginx",), ["nginx:1", "nginx"], True),
        (("nginx",), ["nginx-evil:1"], False),
        (("ghcr.io/example/a:1",), ["ghcr.io/example/a:10"], False),
        (("ghcr.io/example/a:1",), [f"ghcr.io/example/a:1@{DIGEST}"], True),
        ((DIGEST,), [f"ghcr.io/example/a@{DIGEST}"], True),
        ((DIGEST,), [f"ghcr.io/example/a@sha256:{'b' * 64}"], False),
        (("ghcr.io/a", DIGEST), ["ghcr.io/a:1", f"b@{DIGEST}"], True),
    ],
)
def test_each_image_has_to_match(
    wanted: tuple[str, ...], images: list[str], *, matches: bool
) -> None:
    granted = ServerException("a", "team-a", "files", frozenset(), wanted, "old", 0.0)
    assert granted.matches(images) is matches


@pytest.mark.parametrize(
    ("expires", "day"),
    [(1764547200.0, "2025-12-01"), (1764547199.0, "2025-11-30"), (0.0, "1970-01-01")],
)
def test_people_read_the_day_on_which_it_ends(expires: float, day: str) -> None:
    granted = ServerException("a", "team-a", "files", frozenset(), (), "old", expires)
    assert granted.end_day == day
