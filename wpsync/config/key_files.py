"""The one format of key files: keys of the tokens, of the receipts of erasures, and of hashes.

A file holds one key per line, the present one first and earlier ones after it: they still open things that they have closed.

    wpsync-key-1 token 1a2b3c4d ANdX0nzPq3dZx-5BkOq5x0nT0qYc3gd9J4cQGk2dS3Q

That is the version of the format, the kind, the id, and 32 random bytes in URL-safe base64. The id is a keyed digest:
it shows which key is meant, shows a damaged line, and tells nothing of the key. Blank lines, and lines that begin with
#, say nothing. No message of this module holds any piece of a line.
"""

import fcntl
import hmac
import os
import re
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from secrets import token_bytes, token_hex

from wpsync.errors import ConfigError

SIZE = 32
"""The bytes of a key."""

MOUNTED = Path("/run/secrets")
"""The folder in which runtimes of containers give secrets: links of a mode of theirs, in a folder that root made."""

_VERSION = "wpsync-key-1"
_ANY_VERSION = re.compile(r"wpsync-key-\d+")
_ID_OF = b"wpsync key id\0"
_LARGEST = 64 * 1024


class Kind(StrEnum):
    """The use of a key. A key of one kind is never taken for another."""

    TOKEN = "token"
    RECEIPT = "receipt"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of one kind. Its bytes are shown in no text by accident."""

    kind: Kind
    material: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The name by which a database or a message means the key: 8 hexadecimal digits."""
        return hmac.digest(self.material, _ID_OF + self.kind.encode(), "sha256").hex()[:8]

    def line(self) -> str:
        """Return the key as a line of a file, without the line's end. It is the secret itself."""
        text = urlsafe_b64encode(self.material).decode().rstrip("=")
        return f"{_VERSION} {self.kind} {self.id} {text}"


def new(kind: Kind) -> Key:
    """Return a key of random bytes."""
    return Key(kind, token_bytes(SIZE))


def place(data_dir: Path, kind: Kind) -> Path:
    """Return the file in which a key is kept where none is configured."""
    return data_dir / f"{kind}.key"


def parse(text: str, kind: Kind, where: str) -> tuple[Key, ...]:
    """Return the keys of a file's text, the present one first. `where` is the place that a message names.

    Raises ConfigError for a key of another kind, a damaged line, too short a key, or no key at all.
    """
    found: list[Key] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip(" \t\r\ufeff").split()
        if words and not words[0].startswith("#"):
            found.append(_key(words, kind, where, number))
    if not found:
        raise ConfigError("key.none", where=where, kind=kind.value)
    return tuple(found)


def _key(words: list[str], kind: Kind, where: str, number: int) -> Key:
    version, *rest = words
    if version != _VERSION and _ANY_VERSION.fullmatch(version):
        raise ConfigError("key.newer", where=where, line=number)
    if version != _VERSION or len(rest) != 3 or rest[0] not in list(Kind):
        raise ConfigError("key.damaged", where=where, line=number, kind=kind.value)
    if rest[0] != kind:
        raise ConfigError(
            "key.other_kind", where=where, line=number, is_for=rest[0], kind=kind.value
        )
    try:
        material = urlsafe_b64decode(rest[2] + "=" * (-len(rest[2]) % 4))
    except (Error, ValueError):
        raise ConfigError("key.damaged", where=where, line=number, kind=kind.value) from None
    if len(material) < SIZE:
        raise ConfigError("key.too_short", where=where, line=number, kind=kind.value)
    key = Key(kind, material)
    if len(material) > SIZE or not hmac.compare_digest(key.id.encode(), rest[1].encode()):
        raise ConfigError("key.damaged", where=where, line=number, kind=kind.value)
    return key


def read(file: Path, kind: Kind) -> tuple[Key, ...]:
    """Return the keys of a file, the present one first.

    Raises ConfigError as `parse` does, and for a file that is a link, that others may read, or that is another's.
    Those in `MOUNTED` are as the runtime makes them.
    """
    text, _ = _trusted(file)
    return parse(text, kind, str(file))


def _trusted(file: Path) -> tuple[str, os.stat_result]:
    is_mounted = Path(os.path.normpath(file.absolute())).is_relative_to(MOUNTED)
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if is_mounted else os.O_NOFOLLOW)
        if file.is_symlink() and not is_mounted:
            raise ConfigError("key.link", file=str(file))
        descriptor = os.open(file, flags)
        try:
            seen = os.fstat(descriptor)
            _refuse_untrusted(file, seen, is_mounted=is_mounted)
            with os.fdopen(descriptor, "rb", closefd=False) as opened:
                content = opened.read(_LARGEST + 1)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise ConfigError("key.unreadable", file=str(file), words=exc.strerror) from None
    try:
        if len(content) > _LARGEST:
            raise ValueError
        return content.decode(), seen
    except ValueError:
        raise ConfigError("key.no_text", file=str(file)) from None


def _refuse_untrusted(file: Path, seen: os.stat_result, *, is_mounted: bool) -> None:
    """Raise ConfigError for a file that another made, or may read: by the rules of Postgres for the key of a server."""
    if not stat.S_ISREG(seen.st_mode):
        raise ConfigError("key.no_file", file=str(file))
    if is_mounted:
        return
    if os.geteuid() != 0 and seen.st_uid not in (0, os.geteuid()):
        raise ConfigError("key.of_another", file=str(file))
    open_to = seen.st_mode & (0o037 if seen.st_uid == 0 else 0o077)
    if open_to:
        mode = f"{stat.S_IMODE(seen.st_mode):04o}"
        raise ConfigError("key.open_to_others", file=str(file), mode=mode)


def make(file: Path, kind: Kind) -> Key:
    """Write a new key into a new file, whole or not at all. Raises ConfigError where there is a file by that name."""
    try:
        return _made(file, kind)
    except FileExistsError:
        raise ConfigError("key.exists", file=str(file)) from None


def read_or_make(file: Path, kind: Kind) -> tuple[tuple[Key, ...], bool]:
    """Return the keys of a file, and whether it was made just now. Raises ConfigError as `read` and `make` do."""
    if not os.path.lexists(file):
        with suppress(FileExistsError):  # another process was quicker: its key is the one
            return (_made(file, kind),), True
    return read(file, kind), False


def _made(file: Path, kind: Kind) -> Key:
    key = new(kind)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = file.parent.stat()
        with _beside(file, f"{key.line()}\n", 0o600, (folder.st_uid, folder.st_gid)) as fresh:
            os.link(fresh, file)  # refuses a name that is taken, as O_EXCL does
        _sync(file.parent)
    except FileExistsError:
        raise
    except OSError as exc:
        raise ConfigError(
            "key.not_made", file=str(file), kind=kind.value, words=exc.strerror
        ) from None
    return key


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def rotate(file: Path, kind: Kind) -> Key:
    """Write a new key as the first line of a file; the earlier ones stay after it. Raises ConfigError as `read` does."""
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError as exc:
        raise ConfigError("key.unreadable", file=str(file), words=exc.strerror) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # two that rotate at once keep both keys
        text, seen = _trusted(file)
        parse(text, kind, str(file))
        key = new(kind)
        mode = stat.S_IMODE(seen.st_mode)
        with _beside(file, f"{key.line()}\n{text}", mode, (seen.st_uid, seen.st_gid)) as fresh:
            fresh.replace(file)
        os.fsync(folder)
    except OSError as exc:
        raise ConfigError(
            "key.not_made", file=str(file), kind=kind.value, words=exc.strerror
        ) from None
    finally:
        os.close(folder)
    return key


@contextmanager
def _beside(file: Path, text: str, mode: int, owner: tuple[int, int]) -> Iterator[Path]:
    """Yield a file with this text beside another, on the disk; it is gone afterwards. Root gives it to the owner."""
    fresh = file.with_name(f".{file.name}.{token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as opened:
            if os.geteuid() == 0:
                os.fchown(opened.fileno(), *owner)
            os.fchmod(opened.fileno(), mode)
            opened.write(text.encode())
            opened.flush()
            os.fsync(opened.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
