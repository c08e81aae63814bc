"""Replicas of the dashboard behind the proxy of ``deploy/``, which runs here as it does in a container."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from visitors import HOST, Server, free_port, serving, wait_until_healthy

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app.py"
COOKIE = "replica"
"""Its value is the number of the replica that has the visitor's session."""


class Replica:
    """A server that can be ended and started again at the same address."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.folder, self.port = str(number), folder, free_port()
        self.address = f"{HOST}:{self.port}"
        self._running = ExitStack()

    def start(self) -> None:
        self.server: Server = self._running.enter_context(serving(APP, self.folder, self.port))

    def kill(self) -> None:
        """As a machine ends that loses its power: nobody is told."""
        self.server.process.kill()
        self.stop()

    def stop(self) -> None:
        self._running.close()


@contextmanager
def behind_proxy(folder: Path, count: int = 2) -> Iterator[tuple[str, list[Replica]]]:
    """The address of the proxy and its replicas. Raises ``FileNotFoundError`` where there is no nginx."""
    if not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        raise FileNotFoundError("nginx is not installed: apt-get install nginx")
    replicas = [Replica(number, folder) for number in range(1, count + 1)]
    with ExitStack() as stack:
        for replica in replicas:
            stack.callback(replica.stop)
            replica.start()
        yield stack.enter_context(_proxy(replicas, folder)), replicas


@contextmanager
def _proxy(replicas: list[Replica], folder: Path) -> Iterator[str]:
    address, log = f"{HOST}:{free_port()}", folder / "proxy.log"
    folder.chmod(0o755)  # started by root, nginx works as somebody else
    environment = {
        **os.environ,
        "FOLDER": str(folder / "proxy"),
        "LISTEN": address,
        "REPLICAS": " ".join(replica.address for replica in replicas),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", str(ROOT / "deploy" / "proxy.sh")],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_healthy(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(20)
