"""Where a database is kept, and which folders are safe to use.

A database lives in the configured folder. Postgres does not run as root, so for root the server runs as an
unprivileged user. Where that user cannot enter the configured folder (`/root`, or a umask of 077), and only
there, the database lives below `/var/lib/wpsync`, and the file `postgres.location` in the configured folder
names it: a folder that is moved, or opened later, keeps its database.

Folders that another user owns, or could change, are refused: in a shared folder that user could plant a link
or a socket under a name that we are about to use.
"""

import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from wpsync.errors import DatabaseUnavailableError

STATE = Path("/var/lib/wpsync")
"""Root's folder for what the server's user must reach."""

_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A system user."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is, or is to be made. `configured` is the path that was asked for."""

    configured: Path
    cluster: Path
    account: Account | None

    @property
    def run(self) -> Path:
        """The folder of locks and of the server's log."""
        return self.cluster.with_name(self.cluster.name + ".run")

    @property
    def is_elsewhere(self) -> bool:
        """Whether the database is kept outside the configured folder."""
        return self.cluster != self.configured

    @property
    def owner_uid(self) -> int:
        """The user who owns the database's files."""
        return self.account.uid if self.account else os.geteuid()


@contextmanager
def problems_in_words(path: Path) -> Iterator[None]:
    """Turn refusals of the operating system (no right, read-only, full) into DatabaseUnavailableError."""
    try:
        yield
    except OSError as exc:
        where = exc.filename or path
        raise DatabaseUnavailableError(
            f"the embedded Postgres cannot use {where}: {exc.strerror}",
            hint=f"look at the rights, the owner and the free space of {path}, or set database.url"
            f" / 请检查 {path} 的权限、属主和剩余空间，或设置 database.url",
        ) from exc


def locate(configured: Path) -> Place:
    """Decide where the database of a configured path is, or is to be made. Make nothing but its parent folder.

    Raise DatabaseUnavailableError for a folder that cannot be trusted, for a recorded database that is gone,
    and for a database whose folder the server's user can no longer enter.
    """
    parent = configured.parent
    _make_parent(parent)
    check_private(parent, others=(0,), links=True)
    account = _account(configured)
    recorded = _recorded(configured)
    if recorded is not None:
        return Place(configured, recorded, account)
    if account is None or _can_enter(account, parent):
        return Place(configured, configured, account)
    if os.path.lexists(configured) and any(configured.iterdir()):
        raise DatabaseUnavailableError(
            f"the system user {account.name} cannot enter {parent}, so the database there cannot be started",
            hint=f"open the folders that lead there to others (chmod o+x), or move {parent}"
            f" / 请为通往该目录的各级目录增加进入权限（chmod o+x），或移动 {parent}",
        )
    return Place(configured, shared_state() / f"data-{token_hex(6)}" / configured.name, account)


def record(place: Place) -> None:
    """Write into the configured folder where the database is kept."""
    file = _record_file(place.configured)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(f"{place.cluster}\n")
        out.flush()
        os.fsync(out.fileno())
    Path(name).replace(file)


def make_folder(path: Path, account: Account | None = None) -> None:
    """Make a new folder of mode 0700, owned by `account`. Raise FileExistsError if anything is there."""
    path.mkdir(mode=0o700)
    give_away(path, account)


def give_away(path: Path, account: Account | None) -> None:
    """Make `account` the owner of a folder that this call has made; never through a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o700)
        if account is not None:
            os.fchown(descriptor, account.uid, account.gid)
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> Path:
    """Our own folder of mode 0700: made if it is missing, refused if another user could have made it."""
    try:
        make_folder(path)
    except FileExistsError:
        check_private(path)
    return path


def shared_state() -> Path:
    """Root's folder below /var/lib, open for reading to all. Made if it is missing."""
    try:
        STATE.mkdir(mode=0o755)
        STATE.chmod(0o755)  # the umask may have closed it
    except FileExistsError:
        check_private(STATE)
    return STATE


def check_private(path: Path, *, others: tuple[int, ...] = (), links: bool = False) -> None:
    """Raise DatabaseUnavailableError unless `path` is a folder that only we, or one of `others` (uids), control.

    `links` accepts a link of ours, and looks at the folder behind it too.
    """
    found = path.lstat()
    trusted = (os.geteuid(), *others)
    if stat.S_ISLNK(found.st_mode) and links and found.st_uid in trusted:
        found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise _untrusted(path, "it is no folder", "它不是普通目录")
    if found.st_uid not in trusted:
        owner = user_name(found.st_uid)
        raise _untrusted(path, f"it belongs to {owner}", f"它属于 {owner}")
    if found.st_mode & stat.S_IWOTH:
        raise _untrusted(path, "every user may change it", "任何用户都可以修改它")


def check_owner(place: Place) -> None:
    """Raise DatabaseUnavailableError if a cluster is there and does not belong to the server's user."""
    if not os.path.lexists(place.cluster):
        return
    found = place.cluster.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise _untrusted(place.cluster, "it is no folder", "它不是普通目录")
    if found.st_uid == os.geteuid() and not any(place.cluster.iterdir()):
        return
    if found.st_uid != place.owner_uid:
        owner, us = user_name(found.st_uid), user_name(place.owner_uid)
        raise DatabaseUnavailableError(
            f"the database in {place.cluster} belongs to {owner}, and its server would run as {us}",
            hint=f"run it as the user who made the database, or give the folder to another user with chown"
            f" / 请用创建该数据库的用户运行，或用 chown 变更 {place.cluster} 的属主",
        )


def user_name(uid: int) -> str:
    """The name of a user, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _untrusted(path: Path, why: str, why_zh: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(
        f"the embedded Postgres does not use {path}: {why}",
        hint="set data_dir to a folder of your own / 请把 data_dir 设为自己的目录"
        f"（{path}：{why_zh}）",
    )


def _make_parent(parent: Path) -> None:
    """Make the missing folders. Root's are open for passing through under any umask: the server must pass."""
    missing = []
    while not os.path.lexists(parent):
        missing.append(parent)
        parent = parent.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:  # another command makes it too
            continue
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _account(configured: Path) -> Account | None:
    """The user the server runs as: ours, or for root the owner of the database, else an unprivileged one."""
    if os.geteuid() != 0:
        _check_known(os.geteuid())
        return None
    known = []
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        known.append(Account(name, entry.pw_uid, entry.pw_gid))
    if not known:
        raise DatabaseUnavailableError(
            "Postgres does not run as root, and there is no user `postgres` or `nobody`",
            hint="run wpsync as an ordinary user / 请以普通用户身份运行 wpsync",
        )
    kept = _recorded(configured) or configured
    owner = kept.lstat().st_uid if os.path.lexists(kept) else -1
    return next((one for one in known if one.uid == owner), known[0])


def _check_known(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise DatabaseUnavailableError(
            f"this command runs as user number {uid}, which has no entry in /etc/passwd; Postgres needs one",
            hint="run it as a user with a name, or set database.url"
            " / 请以有用户名的用户运行，或设置 database.url",
        ) from None


def _can_enter(account: Account, folder: Path) -> bool:
    try:
        done = subprocess.run(
            ["test", "-x", str(folder)],
            user=account.uid,
            group=account.gid,
            extra_groups=(),
            cwd="/",
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _record_file(configured: Path) -> Path:
    return configured.with_name(configured.name + ".location")


def _recorded(configured: Path) -> Path | None:
    """The place that was recorded. Raise DatabaseUnavailableError if it is gone, or contradicted."""
    file = _record_file(configured)
    if not os.path.lexists(file):
        return None
    found = file.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (os.geteuid(), 0):
        raise _untrusted(file, "it is not a file of yours", "它不是您的文件")
    cluster = Path(file.read_text(encoding="utf-8").strip())
    if os.path.lexists(configured) and any(configured.iterdir()):
        raise DatabaseUnavailableError(
            f"{file} says that the database is in {cluster}, but {configured} is not empty",
            hint=f"keep one of the two: move the other away / 请只保留其中之一，移走另一个（{file} 或 {configured}）",
        )
    if not cluster.is_dir():
        raise DatabaseUnavailableError(
            f"{file} says that the database is in {cluster}, which is not there",
            hint=f"bring {cluster} back (from a backup), or move {file} away to begin with an empty database"
            f" / 请恢复 {cluster}（例如从备份），或移走 {file} 以新建空数据库",
        )
    check_private(cluster.parent, others=(0,))
    return cluster
