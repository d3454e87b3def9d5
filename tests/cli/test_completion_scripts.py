"""Completion scripts, run by a real bash; those for zsh and fish by their structure."""

import subprocess
from pathlib import Path

import pytest

from webhook.cli.main import COMMANDS


def completed(script: str, *words: str, folder: Path) -> list[str]:
    """What bash proposes for the last of these words."""
    asked = " ".join(f"'{word}'" for word in ("mcp-admission", *words))
    program = (
        f"{script}\nCOMP_WORDS=({asked}); COMP_CWORD={len(words)}\n"
        "_mcp_admission; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        capture_output=True, text=True, check=True, timeout=30, cwd=folder,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((""), {*COMMANDS, "help"}),
        (("aud",), {"audit"}),
        (("help", "aud"), {"audit"}),
        (("certs", ""), {"control", "init", "verify", "status", "rotate"}),
        (("audit", "-o", ""), {"table", "json", "yaml", "junit", "sarif"}),
        (("audit", "--output", "=", "j"), {"json", "junit"}),
        (("audit", "--output", "="), {"table", "json", "yaml", "junit", "sarif"}),
        (("audit", "--kubeconfig", "a", "--cont"), {"--context"}),
        (("certs", "status", "--as"), {"--as", "--as-group", "--as-uid"}),
        (("control", "--log-level", "w"), {"warning"}),
        (("rules", "capab"), {"capabilities"}),
        (("rules", "capabilities", "seccomp"), {"seccomp-profile"}),
        (("completion", "z"), {"zsh"}),
        (("audit", "--kubeconfig", ""), set()),
        (("audit", "--unl"), {"--unlabelled"}),
        (("audit", "--as", ""), {"enforce", "warn"}),
        (("apply", "--as", ""), set()),
        (("settings", ""), {"show"}),
        (("settings", "show", "--na"), {"--namespace", "--namespace-settings"}),
        (("audit", "-n", "a"), set()),
    ],
)
def test_bash_proposes_what_the_parsers_know(
    words: tuple[str, ...], expected: set[str], scripts: dict[str, str], tmp_path: Path
) -> None:
    assert set(completed(scripts["bash"], *(words or ("",)), folder=tmp_path)) == expected


def test_bash_registers_it_and_takes_file_names_where_it_knows_nothing(
    scripts: dict[str, str],
) -> None:
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{scripts['bash']}\ncomplete -p mcp-admission"],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip

    assert done.stdout == "complete -o default -F _mcp_admission mcp-admission\n"


def test_zsh_has_the_help_of_the_words(scripts: dict[str, str]) -> None:
    assert scripts["zsh"].startswith("#compdef mcp-admission\n")
    assert "'audit:list the servers" in scripts["zsh"]
    assert "'rotate:renew a cluster'\"'\"'s certificate now'" in scripts["zsh"]
    # In zsh `path` is the search path.
    assert "path=" not in scripts["zsh"]


def test_fish_has_the_help_of_the_words(scripts: dict[str, str]) -> None:
    lines = scripts["fish"].splitlines()
    here = "complete -c mcp-admission -n '__mcp_admission_at \\'/certs\\''"
    assert f"{here} -f -a 'rotate' -d 'renew a cluster\\'s certificate now'" in lines
    assert any("-l output -s o -x -a 'table json yaml" in line for line in lines)
    assert any("-l kubeconfig -r -d 'a kubeconfig'" in line for line in lines)
