#!/bin/sh
# Resolve pyproject.toml for every platform and pin it by version and hash; needs uv on the path.
set -eu
command -v uv > /dev/null || {
    echo "make lock needs uv on the path; \`pipx install uv\` installs it." >&2
    exit 2
}
lock() {
    out=$1 && shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-annotate --no-emit-index-url --output-file "locks/$out" "$@"
}
lock run.txt pyproject.toml
lock traces.txt pyproject.toml --constraint locks/run.txt --extra traces
lock demo.txt pyproject.toml --constraint locks/run.txt --group demo
lock dev.txt pyproject.toml --constraint locks/demo.txt --constraint locks/traces.txt --extra traces \
    --group dev
lock build.txt --constraint locks/dev.txt --group build --group compile
