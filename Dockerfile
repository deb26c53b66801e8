# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/fastperf
COPY requirements.txt /src/requirements.txt
RUN /opt/fastperf/bin/pip install --require-hashes -r /src/requirements.txt
COPY requirements-build.txt /src/requirements-build.txt
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r /src/requirements-build.txt
COPY pyproject.toml README.md LICENSE fastperf.py hatch_build.py /src/
COPY app /src/app
COPY rules /src/rules
WORKDIR /src
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheel \
    && /opt/fastperf/bin/pip install --no-deps --no-index /wheel/*.whl

FROM python:3.13-slim
RUN groupadd --system --gid 10001 fastperf \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin fastperf \
    && install -d -o fastperf -g fastperf /data
COPY --from=build /opt/fastperf /opt/fastperf
ENV PATH=/opt/fastperf/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8080 FASTPERF_DATABASE_URL=sqlite:////data/fastperf.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', '8080')}/livez\", timeout=2)"]
CMD ["fastperf", "serve"]
