"""A Postgres that a test starts, stops and crashes by itself: no keeper starts it again."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

from wpsync.embedded import cluster, folders, programs
from wpsync.embedded.locks import RunFolder


class OwnServer:
    """A server in a folder of the test's. `settings` are the server's, by name."""

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = False,
        settings: Mapping[str, str] | None = None,
        major: int | None = None,
    ) -> None:
        self._place = folders.locate(folder)
        self._programs = programs.find(self._place.account, major)
        self._durable = durable
        self._settings = settings
        self._process: Popen[bytes] | None = None
        self._run = RunFolder(self._place.run)
        cluster.make(self._place, self._programs, durable=False)
        self.data_dir = self._place.cluster

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self._process = cluster.start(
            self._place, self._run, self._programs, durable=self._durable, settings=self._settings
        )
        port = int((self._settings or {}).get("port", cluster.PORT))
        found = cluster.running(self._place, self._run, port)
        assert found is not None
        self._socket = found.socket

    def stop(self) -> None:
        """Stop it in good order."""
        if self._process is not None:
            cluster.end_process(self._process)
            self._process = None

    def crash(self) -> None:
        """Stop it as a power cut would: it recovers at the next start."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    @property
    def url(self) -> str:
        return self.database("wpsync")

    def database(self, name: str) -> str:
        port = (self._settings or {}).get("port")
        at = f"&port={port}" if port else ""
        return f"postgresql://postgres@/{name}?host={quote(str(self._socket))}{at}"


@contextmanager
def own_server(
    folder: Path, *, durable: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[OwnServer]:
    """A started server for the length of a block."""
    server = OwnServer(folder, durable=durable, settings=settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
