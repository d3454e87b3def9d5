"""Which pods an exception is for."""

from collections.abc import Iterable

import pytest

from webhook.settings.server_exception import LONGEST_IMAGE, ServerException, granted_for

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
        (("nginx",), ["nginx/nginx:1"], False),
        (("nginx:1",), ["nginx:10"], False),
        (("nginx:",), ["nginx:5000/example/a:1"], False),
        (("nginx/",), ["nginx/nginx:1"], True),
        (("localhost",), ["localhost/a:1"], True),
        (("registry:5000",), ["registry:5000/a:1"], True),
        (("ghcr.io/",), ["ghcr.io:5000/example/a:1"], False),
        (("ghcr.io/example/a:",), ["ghcr.io/example/a:1"], True),
        (("ghcr.io/example/a@",), [f"ghcr.io/example/a@{DIGEST}"], True),
        (("ghcr.io/example/a",), [f"ghcr.io/example/a@{DIGEST}"], True),
        (("ghcr.io/Example",), ["ghcr.io/example/a:1"], False),
        (("ghcr.io/example",), [" ghcr.io/example/a:1"], False),
        (("a" * LONGEST_IMAGE,), [f"{'a' * LONGEST_IMAGE}:1"], True),
        (("ghcr.io/a",), ["ghcr.io/a:1", ""], False),
        (("ghcr.io/a",), [], False),
        ((), [], True),
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
    granted = for_images("a", wanted)
    assert granted_for([granted], images) == [granted] * matches


def for_images(name: str, images: Iterable[str]) -> ServerException:
    return ServerException(name, "team-a", "files", frozenset(), tuple(images), "old", 0.0)


def test_of_several_those_are_kept_that_are_for_every_image() -> None:
    granted = [
        for_images("any", ()),
        for_images("both", ("a.example/", "b.example")),
        for_images("one", ("a.example",)),
        for_images("other", ("c.example",)),
    ]

    assert granted_for(granted, ["a.example/x", "b.example/y"]) == granted[:2]
    assert granted_for(granted, ["a.example/x", "a.example/z"]) == granted[:3]
    assert granted_for(granted, ["d.example/x"]) == granted_for(granted, []) == granted[:1]


class Counted(str):
    """A prefix that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_many_images_and_many_prefixes_cost_their_sum() -> None:
    count = 500
    granted = [
        for_images(f"{at}", (Counted(f"r.example/{at}"), Counted("r"))) for at in range(count)
    ]

    assert granted_for(granted, [f"r.example/a/{at}:1" for at in range(count)]) == []
    assert Counted.compared <= 4 * count


@pytest.mark.parametrize(
    ("expires", "day"),
    [(1764547200.0, "2025-12-01"), (1764547199.0, "2025-11-30"), (0.0, "1970-01-01")],
)
def test_people_read_the_day_on_which_it_ends(expires: float, day: str) -> None:
    granted = ServerException("a", "team-a", "files", frozenset(), (), "old", expires)
    assert granted.end_day == day
