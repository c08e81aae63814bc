# The dashboard as an image: docs/deploy.md. Torch's CPU build takes a tenth of the room of the one for GPUs:
#   docker build -t robust-lab .
#   docker build -t robust-lab:gpu --build-arg TORCH_INDEX=https://pypi.org/simple .
FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /build
RUN python -m venv /opt/lab
ENV PATH=/opt/lab/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt ./
RUN grep -E '^torch(vision)?==' requirements.txt > torch.txt \
    && pip install --index-url "$TORCH_INDEX" -r torch.txt \
    && pip install -r requirements.txt
COPY . .
RUN pip install --no-deps . && pip check

FROM python:3.11-slim-bookworm
COPY --from=build /opt/lab /opt/lab
# All that is written goes to /tmp, and data sets and downloaded weights to /data: the rest may be read-only.
ENV PATH=/opt/lab/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    ROBUST_DATA=/data \
    TORCH_HOME=/data/torch
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
WORKDIR /tmp
EXPOSE 8501
# Unknown paths answer 200 too, so the body counts.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; assert urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4).read() == b'ok'"]
ENTRYPOINT ["robust-lab", "app", "--server.headless", "true", "--server.address", "0.0.0.0", "--server.port", "8501"]
