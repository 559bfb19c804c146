"""Files that hold secrets: how they are written, and whether other users of the machine can read them."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written(target: Path, text: str) -> Iterator[Path]:
    """Write a new file of mode 0600, yield it to be tried, and then put it in the place of `target`.

    Another user who may write into the folder can prepare nothing for it: its name is random, and neither a file nor a
    link that is there already is used. A link in the target's place is replaced, not followed. An exception leaves the
    target as it is, and no other file. Raises OSError where the folder takes no file.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            os.fchmod(descriptor, 0o600)  # the umask may have taken the owner's rights too
            out.write(text)
            out.flush()
            os.fsync(descriptor)
        yield fresh
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def is_readable_by_all(file: Path) -> bool:
    """Return whether every user of this machine can read a file: by its mode, and those of the folders above it.

    A file that is mounted by itself is a secret of a container, which has no other users.
    """
    try:
        resolved = file.resolve()
        found = resolved.stat()
        return (
            bool(found.st_mode & stat.S_IROTH)
            and found.st_dev == resolved.parent.stat().st_dev
            and all(folder.stat().st_mode & stat.S_IXOTH for folder in resolved.parents)
        )
    except OSError:
        return False
