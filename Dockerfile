# Built in one stage, run in another: no compiler, no caches, no root in what is shipped.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.runtime.lock pyproject.toml README.md ./
COPY wpsync ./wpsync
COPY migrations ./migrations
RUN python -m venv /app \
 && /app/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.runtime.lock \
 && /app/bin/pip install --no-cache-dir --no-deps . \
 && /app/bin/python -m compileall -q /app

FROM python:3.13-slim
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
