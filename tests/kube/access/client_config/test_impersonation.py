"""Who is impersonated: the kubeconfig's own words, and those of the command line over them."""

from pathlib import Path

import pytest

from tests.kube.access.kubeconfigs import Json, config, refusal, way
from webhook.kube.access.client_config import NONE, Overrides

ACCOUNT = "system:serviceaccount:team:deployer"
FULL = {
    "as": "dev",
    "as-uid": "7",
    "as-groups": ["a", "b"],
    "as-user-extra": {"example.org/scopes": ["w", "z"], "é%": ["z"]},
}


@pytest.mark.parametrize(
    ("user", "overrides", "expected"),
    [
        ({}, NONE, []),
        ({"as": ""}, NONE, []),
        ({"as": "dev"}, NONE, [("Impersonate-User", "dev")]),
        (
            FULL,
            NONE,
            [
                ("Impersonate-User", "dev"),
                ("Impersonate-Uid", "7"),
                ("Impersonate-Group", "a"),
                ("Impersonate-Group", "b"),
                ("Impersonate-Extra-example.org%2Fscopes", "w"),
                ("Impersonate-Extra-example.org%2Fscopes", "z"),
                ("Impersonate-Extra-%C3%A9%25", "z"),
            ],
        ),
        ({}, Overrides(user=ACCOUNT), [("Impersonate-User", ACCOUNT)]),
        (
            {"as": "dev", "as-groups": ["a"], "as-uid": "7"},
            Overrides(user="other", uid="8", groups=("b", "c")),
            [
                ("Impersonate-User", "other"),
                ("Impersonate-Uid", "8"),
                ("Impersonate-Group", "b"),
                ("Impersonate-Group", "c"),
            ],
        ),
        (
            {"as": "dev", "as-groups": ["a"]},
            Overrides(user="other"),
            [("Impersonate-User", "other"), ("Impersonate-Group", "a")],
        ),
        (
            {"as": "dev"},
            Overrides(groups=("b",)),
            [("Impersonate-User", "dev"), ("Impersonate-Group", "b")],
        ),
    ],
)
async def test_the_headers_are_those_that_kubectl_sends(
    user: Json, overrides: Overrides, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    found = await way(tmp_path, config({"token": "t", **user}), overrides)

    assert list(found.headers.items()) == expected


@pytest.mark.parametrize(
    ("user", "overrides"),
    [
        ({"as-groups": ["a"]}, NONE),
        ({"as-uid": "7"}, NONE),
        ({"as-user-extra": {"a": ["b"]}}, NONE),
        ({}, Overrides(groups=("a",))),
        ({}, Overrides(uid="7")),
    ],
)
async def test_groups_without_a_user_are_refused(
    user: Json, overrides: Overrides, tmp_path: Path
) -> None:
    assert "say who with --as" in await refusal(tmp_path, config(user), overrides)


@pytest.mark.parametrize("name", ["a\nAuthorization: x", "a\0", "\x7f"])
async def test_no_header_can_be_smuggled_in(name: str, tmp_path: Path) -> None:
    said = await refusal(tmp_path, config(), Overrides(user=name))

    assert "control characters" in said
