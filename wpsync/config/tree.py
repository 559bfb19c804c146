"""What is configured, as one tree: the file, the environment, and the files that secrets are in.

A key may come from the environment as `WPSYNC_` + its path with `__`, and a secret from a file as
KEY`_file` (docker secrets).
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from wpsync.errors import ConfigError

PREFIX = "WPSYNC_"
_PLACES = (Path("config.toml"), Path("/etc/wpsync/config.toml"))
_RESERVED = ("WPSYNC_CONFIG", "WPSYNC_TEST_DATABASE_URL", "WPSYNC_DIE_AT")


def read(
    path: Path | None, environ: Mapping[str, str], cwd: Path, problems: list[str]
) -> tuple[Path | None, dict[str, object]]:
    """The file that was found, and everything that is set; what is wrong with it is added to `problems`.

    Raises ConfigError for a file that cannot be read at all.
    """
    file = _found(path, environ, cwd)
    tree = {} if file is None else _parsed(file)
    _merge_environment(tree, environ, problems)
    _read_secret_files(tree, file.parent if file else cwd, problems)
    return file, tree


def _found(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    named = path or (Path(environ["WPSYNC_CONFIG"]) if environ.get("WPSYNC_CONFIG") else None)
    if named is not None:
        file = cwd / named
        if not file.is_file():
            raise ConfigError(
                f"{file}: there is no such configuration file / 没有这个配置文件",
                hint="`wpsync init` writes one / 可用 `wpsync init` 生成",
            )
        return file
    return next((cwd / place for place in _PLACES if (cwd / place).is_file()), None)


def _parsed(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{file}: not valid TOML / 不是有效的 TOML: {exc}") from None
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read / 无法读取: {exc.strerror}") from None


def _merge_environment(
    tree: dict[str, object], environ: Mapping[str, str], problems: list[str]
) -> None:
    """`WPSYNC_LOG__LEVEL=debug` is `log.level`. Lists are separated by commas."""
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in _RESERVED:
            continue
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        place = tree
        for section in sections:
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                problems.append(f"{name}: {section} is not a section / {section} 不是配置节")
                break
            place = inner
        else:
            place[key] = (
                [part.strip() for part in value.split(",") if part.strip()]
                if key == "resources"
                else value
            )


def _read_secret_files(
    tree: dict[str, object], base: Path, problems: list[str], path: str = ""
) -> None:
    """KEY_file is replaced by KEY with the file's content."""
    for key in list(tree):
        value = tree[key]
        if isinstance(value, dict):
            _read_secret_files(value, base, problems, f"{path}{key}.")
        elif key.endswith("_file") and isinstance(value, str):
            name = key.removesuffix("_file")
            del tree[key]
            if name in tree:
                problems.append(
                    f"{path}{name}: given twice, directly and as {key} / 与 {key} 重复，只能设置其一"
                )
                continue
            try:
                tree[name] = (base / value).read_text(encoding="utf-8").strip("\r\n")
            except (OSError, UnicodeDecodeError):
                problems.append(
                    f"{path}{key}: the file {base / value} cannot be read / 无法读取该文件"
                )
                tree[name] = None


def inherit(tree: dict[str, object], sections: str, names: Sequence[str]) -> None:
    """Fill the keys that an account's own section leaves out from the general section, in place."""
    accounts = tree.get(sections)
    for account in accounts.values() if isinstance(accounts, dict) else ():
        for name in names:
            if isinstance(account, dict) and isinstance(account.get(name), dict):
                account[name] = _filled(account[name], tree.get(name))


def _filled(own: dict[str, object], general: object) -> dict[str, object]:
    if not isinstance(general, dict):
        return own
    filled = dict(general)
    for key, value in own.items():
        filled[key] = _filled(value, general.get(key)) if isinstance(value, dict) else value
    return filled
