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
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from wpsync.errors import DatabaseUnavailableError, Message

STATE = Path("/var/lib/wpsync")
"""Root's folder for what the server's user must reach."""

_UNPRIVILEGED = ("postgres", "nobody")
_PATH_BYTES = 900
"""Postgres appends to the path in buffers of 1,024 bytes."""


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
            "embedded.cannot_use", path=str(where), folder=str(path), words=exc.strerror
        ) from exc


def locate(configured: Path) -> Place:
    """Decide where the database of a configured path is, or is to be made. Make nothing but its parent folder.

    Raise DatabaseUnavailableError for a folder that cannot be trusted, for a recorded database that is gone,
    and for a database whose folder the server's user can no longer enter.
    """
    parent = configured.parent
    if len(os.fsencode(configured)) > _PATH_BYTES:
        raise DatabaseUnavailableError("embedded.path_too_long", limit=_PATH_BYTES)
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
            "embedded.folder_closed", user=account.name, folder=str(parent)
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
    _set_mode(path, 0o700, account)


def _set_mode(path: Path, mode: int, account: Account | None = None) -> None:
    # Under umask 0777 an ordinary user may not even read the folder that was just made. O_PATH asks for no right,
    # and its descriptor is used by way of /proc, since fchmod refuses it.
    opens = getattr(os, "O_PATH", os.O_RDONLY)
    descriptor = os.open(path, opens | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    target = descriptor if opens == os.O_RDONLY else f"/proc/self/fd/{descriptor}"
    try:
        os.chmod(target, mode)  # noqa: PTH101 - a descriptor, so that no link is followed
        if account is not None:
            os.chown(target, account.uid, account.gid)
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> Path:
    """Our own folder of mode 0700: made if it is missing, refused if another user could have made it."""
    try:
        make_folder(path)
    except FileExistsError:
        check_private(path)
    return path


def check_descriptor(path: Path, descriptor: int) -> None:
    """Raise DatabaseUnavailableError unless an open folder is ours, and closed to all others."""
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise _untrusted(path, Message("embedded.usable_by_others"))


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
        raise _untrusted(path, Message("embedded.not_a_folder"))
    if found.st_uid not in trusted:
        owner = user_name(found.st_uid)
        raise _untrusted(path, Message("embedded.owned_by_other", {"owner": owner}))
    if found.st_mode & stat.S_IWOTH:
        raise _untrusted(path, Message("embedded.writable_by_all"))
    if os.geteuid() == 0 and found.st_mode & stat.S_IWGRP and found.st_gid != 0:
        raise _untrusted(path, Message("embedded.writable_by_group"))


def check_owner(place: Place) -> None:
    """Raise DatabaseUnavailableError if a cluster is there and does not belong to the server's user."""
    if not os.path.lexists(place.cluster):
        return
    found = place.cluster.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise DatabaseUnavailableError("embedded.is_link", path=str(place.cluster))
    if not stat.S_ISDIR(found.st_mode):
        raise _untrusted(place.cluster, Message("embedded.not_a_folder"))
    if found.st_uid == os.geteuid() and not any(place.cluster.iterdir()):
        return
    if found.st_uid != place.owner_uid:
        raise DatabaseUnavailableError(
            "embedded.other_owner",
            folder=str(place.cluster),
            owner=user_name(found.st_uid),
            user=user_name(place.owner_uid),
        )


def user_name(uid: int) -> str:
    """The name of a user, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _untrusted(path: Path, reason: Message) -> DatabaseUnavailableError:
    return DatabaseUnavailableError("embedded.untrusted", path=str(path), reason=reason)


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
        _set_mode(folder, 0o711 if os.geteuid() == 0 else 0o700)


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
        raise DatabaseUnavailableError("embedded.no_server_user")
    kept = _recorded(configured) or configured
    owner = kept.lstat().st_uid if os.path.lexists(kept) else -1
    return next((one for one in known if one.uid == owner), known[0])


def _check_known(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise DatabaseUnavailableError("embedded.user_without_name", uid=uid) from None


def _can_enter(account: Account, folder: Path) -> bool:
    """Whether a user may pass every folder on the way, by their modes. Where an access list says more, it is no."""
    resolved = folder.resolve()
    for step in (resolved, *resolved.parents):
        found = step.stat()
        if found.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == account.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def _record_file(configured: Path) -> Path:
    return configured.with_name(configured.name + ".location")


def _recorded(configured: Path) -> Path | None:
    """The place that was recorded. Raise DatabaseUnavailableError if it is gone, or contradicted."""
    file = _record_file(configured)
    if not os.path.lexists(file):
        return None
    found = file.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (os.geteuid(), 0):
        raise _untrusted(file, Message("embedded.not_your_file"))
    cluster = Path(file.read_text(encoding="utf-8", errors="replace").strip())
    if not cluster.is_absolute() or cluster.parent.parent == cluster.parent:
        raise DatabaseUnavailableError(
            "embedded.no_path_recorded", file=str(file), state=str(STATE), name=configured.name
        )
    if os.path.lexists(configured) and any(configured.iterdir()):
        raise DatabaseUnavailableError(
            "embedded.two_databases",
            file=str(file),
            recorded=str(cluster),
            folder=str(configured),
        )
    if not cluster.is_dir():
        raise DatabaseUnavailableError(
            "embedded.database_gone", file=str(file), recorded=str(cluster)
        )
    check_private(cluster.parent, others=(0,))
    return cluster
