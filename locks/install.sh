#!/bin/sh
# Install the project and what a lock file pins into a virtual environment.
# usage: install.sh PYTHON VENV LOCK
set -eu
"$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "mcp-admission needs Python 3.11 or newer; $1 is $("$1" --version 2>&1): set PYTHON=" >&2
    exit 2
}
[ -x "$2/bin/python" ] || "$1" -m venv "$2"
echo "installing $3 into $2"
"$2/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$3"
"$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
