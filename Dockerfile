# A digest pins each base: --build-arg PYTHON=python:3.13-slim@sha256:...
ARG PYTHON=python:3.13-slim
# The same Python with a C compiler, which makes extension modules of the engine.
ARG COMPILER=python:3.13

FROM ${COMPILER} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# The moment that every file says it was made at.
ARG SOURCE_DATE_EPOCH=1767225600
ENV SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH}
COPY locks/traces.txt locks/build.txt locks/extras.py locks/
# What sends traces is in the image, too, so that a value of the chart is enough to turn them on. Nothing
# imports it while they are off.
# Nothing is resolved or built from source: no later release of anything changes or breaks the image.
RUN python -m venv tools \
    && tools/bin/python -m pip install --quiet --no-deps --only-binary :all: --require-hashes --requirement locks/build.txt \
    && tools/bin/python -m pip install --quiet --no-deps --only-binary :all: --require-hashes --no-compile --requirement locks/traces.txt --target app
COPY pyproject.toml setup.py README.md LICENSE ./
COPY certs certs
COPY webhook webhook
# The compiler reads the types of the packages that the engine imports.
RUN MCP_ADMISSION_COMPILE=1 PYTHONPATH=app tools/bin/python -m pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir wheel . \
    && sha256sum wheel/*.whl | sed 's|\(.*\)  \(.*\)|\2 --hash=sha256:\1|' > wheel/lock.txt \
    && tools/bin/python -m pip install --quiet --no-deps --no-index --require-hashes --no-compile --requirement wheel/lock.txt --target app \
    && PYTHONPATH=app tools/bin/python -m pip check \
    && PYTHONPATH=app tools/bin/python locks/extras.py
# Bytecode starts a process in a third of the time. The heavy client package goes without: of its
# thousands of modules a handful is ever imported.
# In a pod, people type `mcp-admission`.
RUN rm -rf app/bin app/*/tests app/kubernetes/test \
    && mkdir app/bin \
    && printf '#!/bin/sh\nexec python -m webhook "$@"\n' > app/bin/mcp-admission \
    && chmod 755 app/bin/mcp-admission \
    && tools/bin/python -m compileall -q --invalidation-mode unchecked-hash -x '/kubernetes/' app \
    && find app -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM ${PYTHON}
LABEL org.opencontainers.image.title="mcp-admission" \
    org.opencontainers.image.description="Admission webhook that hardens labelled MCP servers on Kubernetes" \
    org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /build/app /app
ENV PATH=/app/bin:${PATH} PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /
USER 65532:65532
ENTRYPOINT ["python", "-m", "webhook"]
