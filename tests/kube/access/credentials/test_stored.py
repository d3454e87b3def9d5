"""Credentials that the kubeconfig itself holds or names: token, password and token file."""

from pathlib import Path

import pytest

from tests.kube.access.kubeconfigs import Json, config, refusal, way


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "t"}, "Bearer t"),
        ({"token": "t", "tokenFile": "none"}, "Bearer t"),
        ({"username": "ä", "password": "b"}, "Basic w6Q6Yg=="),
        ({"password": "b"}, "Basic OmI="),
        ({"token": None, "as": None}, None),
        ({}, None),
    ],
)
async def test_the_header_is_the_one_of_the_credentials(
    user: Json, header: str | None, tmp_path: Path
) -> None:
    assert await (await way(tmp_path, config(user))).credentials.authorization() == header


async def test_a_token_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    credentials = (await way(tmp_path, config({"token": "t", "tokenFile": "token"}))).credentials

    assert await credentials.authorization() == "Bearer first"
    file.write_text("second\n")
    assert await credentials.authorization() == "Bearer first"
    credentials.refused()
    assert await credentials.authorization() == "Bearer second"
    file.unlink()
    credentials.refused()
    assert await credentials.authorization() == "Bearer second"


async def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")

    assert "is empty" in await refusal(tmp_path, config({"tokenFile": "token"}))
