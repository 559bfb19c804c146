"""The language of a command, settled before any module with texts is imported.

Help texts are worded when their modules are imported, so `settle` comes first. It imports nothing but the standard
library and the lowest modules.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from wpsync.errors import ConfigError
from wpsync.language import Language, choose, speak

PLACES = (Path("config.toml"), Path("/etc/wpsync/config.toml"))
"""The same as in `wpsync.config.tree`, whose package is too heavy for a command that only prints its help."""


def settle(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path) -> list[str]:
    """Speak the language that is asked for; return the arguments without `--lang`.

    Raises ConfigError, worded in the language of the locale, for a language that wpsync does not speak.
    """
    named = {name: value for name, value in environ.items() if name != "WPSYNC_LANG"}
    speak(choose(None, named, None))
    rest, wanted = _taken(arguments)
    file = _configuration(arguments, environ, cwd)
    configured = None if file is None else _configured(file)
    for source, name in (
        ("--lang", wanted),
        ("WPSYNC_LANG", environ.get("WPSYNC_LANG")),
        (f"{file}: lang", configured),
    ):
        if name:
            if name.strip().lower() not in [str(one) for one in Language]:
                raise ConfigError("command.unknown_language", source=source, name=name)
            break
    speak(choose(wanted, environ, configured))
    return rest


def _taken(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the arguments without `--lang`, which may stand before and after the command, and its value."""
    rest: list[str] = []
    wanted = None
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--lang":
            wanted = next(words, None)
            if wanted is None:
                raise ConfigError("command.value_missing", option="--lang", command="wpsync")
        elif word.startswith("--lang="):
            wanted = word.removeprefix("--lang=")
        else:
            rest.append(word)
    return rest, wanted


def _configuration(arguments: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the configuration file that the command will read, as far as that is known yet."""
    for word, after in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--config":
            return cwd / after
        if word.startswith("--config="):
            return cwd / word.removeprefix("--config=")
    if environ.get("WPSYNC_CONFIG"):
        return cwd / environ["WPSYNC_CONFIG"]
    return next((cwd / place for place in PLACES if (cwd / place).is_file()), None)


def _configured(file: Path) -> str | None:
    """Return `lang` of a configuration file. Every problem of the file is reported when it is loaded."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("lang")
    except (OSError, ValueError):
        return None
    return found if isinstance(found, str) else None
