"""The configured values as one tree: the file, the environment, and the files that secrets are in.

A key may come from the environment as `WPSYNC_` + its path with `__`, and a secret from a file as
KEY`_file` (docker secrets). Variables that Kubernetes sets for a Service of a like name are none of ours.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wpsync.errors import ConfigError, Message

PREFIX = "WPSYNC_"
_PLACES = (Path("config.toml"), Path("/etc/wpsync/config.toml"))
_RESERVED = ("WPSYNC_CONFIG", "WPSYNC_TEST_DATABASE_URL", "WPSYNC_DIE_AT")

_SERVICE = r"WPSYNC(?:_[A-Z0-9]+)*"
_PORT = r"_PORT_\d+_(?:TCP|UDP|SCTP)"
_INJECTED = [
    (re.compile(_SERVICE + name), re.compile(value))
    for name, value in (
        (rf"(?:_SERVICE_HOST|{_PORT}_ADDR)", r"[0-9a-fA-F:.]+"),
        (rf"(?:_SERVICE_PORT(?:_[A-Z0-9]+)*|{_PORT}_PORT)", r"\d{1,5}"),
        (rf"{_PORT}_PROTO", r"tcp|udp|sctp"),
        (rf"(?:_PORT|{_PORT})", r"(?:tcp|udp|sctp)://\S+:\d{1,5}"),
    )
]
"""Names and values of the variables that Kubernetes sets in every pod for each Service of its namespace.

Those of a Service `wpsync` or `wpsync-…` begin like ours. None of them has `__`, and a value must fit its name: a
misspelt `WPSYNC_WEB_PORT=8765` is still an unknown key.
"""

Keys = tuple[str, ...]
"""The keys that lead to a value: `("log", "level")`."""


@dataclass(slots=True)
class Sources:
    """Where values come from: the file, and the environment variable of each key that has one.

    `sections` are those that only the environment has, with the first variable of each. `files` are those of secrets.
    `unread` are the keys whose secret file cannot be read, and `inherited` those that an account has from the general
    section: no further problem of their values is worth a line.
    """

    file: Path | None = None
    variables: dict[Keys, str] = field(default_factory=dict)
    sections: dict[Keys, str] = field(default_factory=dict)
    unread: set[Keys] = field(default_factory=set)
    files: dict[Keys, Path] = field(default_factory=dict)
    inherited: set[Keys] = field(default_factory=set)

    def locate(self, keys: Keys, problem: Message) -> Message:
        """Return a problem of a key together with the key, and the variable or the file that sets it."""
        key = ".".join(keys)
        variable = self._variable(keys)
        if variable is not None:
            return Message(
                "configuration.in_environment",
                {"variable": variable, "key": key, "problem": problem},
            )
        if self.file is None:
            return Message("configuration.of_key", {"key": key, "problem": problem})
        return Message(
            "configuration.in_file", {"file": str(self.file), "key": key, "problem": problem}
        )

    def _variable(self, keys: Keys) -> str | None:
        for size in range(len(keys), 0, -1):  # an item of a list is below its key
            if keys[:size] in self.variables:
                return self.variables[keys[:size]]
        return self.sections.get(keys)


def read(
    path: Path | None, environ: Mapping[str, str], cwd: Path, problems: list[Message]
) -> tuple[Sources, dict[str, object]]:
    """Return everything that is set, and where it comes from; add the problems found to `problems`.

    Raises ConfigError for a file that cannot be read at all.
    """
    file = _found(path, environ, cwd)
    sources = Sources(file)
    tree = {} if file is None else _parsed(file)
    _merge_environment(tree, environ, sources, problems)
    _read_secret_files(tree, file.parent if file else cwd, sources, problems)
    return sources, {key: _stripped(value) for key, value in tree.items()}


def text_of(file: Path) -> str:
    """Return the text of a secret's file, without a byte order mark and blanks around it. Raises OSError, ValueError."""
    return str(_stripped(file.read_text(encoding="utf-8-sig")))


def holds(file: Path, secrets: Iterable[str]) -> bool:
    """Return whether any of some secrets stands in a value of a configuration's file."""
    texts = list(_texts(_parsed(file)))
    return any(secret in text for secret in secrets if secret for text in texts)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _stripped(value: object) -> object:
    """Take the blanks around every text away, wherever it comes from: `echo` and editors add line ends."""
    if isinstance(value, dict):
        return {key: _stripped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_stripped(inner) for inner in value]
    return value.strip(" \t\r\n\ufeff\u00a0\u3000") if isinstance(value, str) else value


def _found(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    named = path or (Path(environ["WPSYNC_CONFIG"]) if environ.get("WPSYNC_CONFIG") else None)
    if named is not None:
        file = cwd / named
        if not file.is_file():
            raise ConfigError("configuration.no_file", file=str(file))
        return file
    return next((cwd / place for place in _PLACES if (cwd / place).is_file()), None)


def _parsed(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError("configuration.not_utf8", file=str(file)) from None
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError("configuration.not_toml", file=str(file), words=str(exc)) from None
    except OSError as exc:
        raise ConfigError("configuration.unreadable", file=str(file), words=exc.strerror) from None


def _merge_environment(
    tree: dict[str, object], environ: Mapping[str, str], sources: Sources, problems: list[Message]
) -> None:
    """`WPSYNC_LOG__LEVEL=debug` is `log.level`."""
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in _RESERVED or _is_injected(name, value):
            continue
        keys = tuple(name.removeprefix(PREFIX).lower().split("__"))
        sources.variables[keys] = name
        *sections, key = keys
        place = tree
        for depth, section in enumerate(sections, 1):
            is_new = section not in place
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                problem = Message("configuration.not_a_section", {"section": section})
                problems.append(sources.locate(keys, problem))
                break
            if is_new:
                sources.sections[keys[:depth]] = name
            place = inner
        else:
            place[key] = value


def _is_injected(name: str, value: str) -> bool:
    return any(one.fullmatch(name) and kind.fullmatch(value) for one, kind in _INJECTED)


def _read_secret_files(
    tree: dict[str, object],
    base: Path,
    sources: Sources,
    problems: list[Message],
    path: Keys = (),
) -> None:
    """KEY_file is replaced by KEY with the file's content."""
    for key in list(tree):
        value = tree[key]
        if isinstance(value, dict):
            _read_secret_files(value, base, sources, problems, (*path, key))
        elif key.endswith("_file") and isinstance(value, str):
            name = key.removesuffix("_file")
            del tree[key]
            if name in tree:
                twice = Message("configuration.given_twice", {"other": key})
                problems.append(sources.locate((*path, name), twice))
                continue
            if (*path, key) in sources.variables:
                sources.variables[*path, name] = sources.variables[*path, key]
            file = sources.files[*path, name] = base / value.strip()
            try:
                tree[name] = text_of(file)
            except (OSError, ValueError) as exc:
                words = exc.strerror if isinstance(exc, OSError) else type(exc).__name__
                problems.append(
                    sources.locate(
                        (*path, key),
                        Message("configuration.secret_unreadable", {"file": str(file)}, words),
                    )
                )
                sources.unread.add((*path, name))
                tree[name] = None


def inherit(tree: dict[str, object], sections: str, names: Sequence[str], sources: Sources) -> None:
    """Fill the keys that an account's own section leaves out from the general section, in place."""
    accounts = tree.get(sections)
    for account, own in accounts.items() if isinstance(accounts, dict) else ():
        for name in names:
            if isinstance(own, dict) and isinstance(own.get(name), dict):
                own[name] = _filled(own[name], tree.get(name), sources, (sections, account, name))


def _filled(
    own: dict[str, object], general: object, sources: Sources, path: Keys
) -> dict[str, object]:
    if not isinstance(general, dict):
        return own
    filled = dict(general)
    sources.inherited |= {(*path, key) for key in general if key not in own}
    for key, value in own.items():
        inner = general.get(key)
        filled[key] = (
            _filled(value, inner, sources, (*path, key)) if isinstance(value, dict) else value
        )
    return filled
