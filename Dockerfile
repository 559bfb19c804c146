# Built in one stage, run in another: no compiler, no caches, no root in what is shipped.
# Everything is fetched by its hash, the build tool included; the build itself fetches nothing.
# `make pin` adds the digest of the image where a registry can be reached.
FROM python:3.13.18-slim AS build
WORKDIR /src
COPY requirements.runtime.lock requirements.build.lock ./
RUN python -m venv /app && python -m venv /build \
 && /app/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.runtime.lock \
 && /build/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.build.lock
COPY pyproject.toml README.md LICENSE ./
COPY wpsync ./wpsync
COPY migrations ./migrations
RUN /build/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /app/bin/pip install --no-cache-dir --no-index --no-deps /wheels/*.whl \
 && /app/bin/python -m compileall -q /app

FROM python:3.13.18-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/wpsync wpsync
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1
USER wpsync
WORKDIR /var/lib/wpsync
EXPOSE 8765
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8765/healthz', timeout=15)"]
ENTRYPOINT ["wpsync"]
CMD ["run"]
