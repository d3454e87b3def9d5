#!/bin/sh
# Install the project, and exactly what a lock file pins, into a virtual environment.
# usage: install.sh PYTHON VENV LOCK
#
# Nothing is resolved and nothing is built from source, so that no later release can break it.
# PIP_ONLY_BINARY= lets pip build what has no wheel for this system.
set -eu
python=$1 venv=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "mcp-admission needs Python 3.11 or newer; $python is $("$python" --version 2>&1): set PYTHON=" >&2
    exit 2
}
echo "Installing the $(grep -c == "$lock") packages of $lock into $venv. This takes about a minute."
if [ -x "$venv/bin/pip" ]; then used=1; else used=; "$python" -m venv "$venv"; fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY="${PIP_ONLY_BINARY-:all:}"
"$venv/bin/python" -m pip install --quiet --no-deps --require-hashes --requirement "$lock"
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
whole() {
    said=$("$venv/bin/python" -m pip check) || { echo "$said" && return 1; }
    "$venv/bin/python" locks/extras.py
}
lacking=$(whole) || {
    echo "$lock is not a complete set of packages: $lacking" >&2
    [ -z "$used" ] || echo "$venv was there before: remove it (make clean) and try again." >&2
    exit 1
}
