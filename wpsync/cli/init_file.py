"""`init`: asking for what a configuration needs, trying it, and writing it only when it is good."""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import typer

from wpsync import config
from wpsync.cli.context import asking
from wpsync.errors import AuthenticationError, ConfigError, RetryableError, WpsyncError
from wpsync.model import Secret


@dataclass(frozen=True, slots=True)
class Answers:
    """What was given or asked for."""

    client_id: str
    client_secret: Secret
    database_url: Secret | None
    base_url: str


def asked(
    client_id: str | None, secret_file: Path | None, database_url: str | None, base_url: str
) -> Answers:
    """Ask on the terminal for what was not given. Raises ConfigError where nobody can be asked."""
    if not sys.stdin.isatty() and not (client_id and secret_file):
        raise ConfigError(
            "there is no terminal to ask for clientId and clientSecret",
            hint="give --client-id and --client-secret-file / 请用 --client-id 和 --client-secret-file 指定",
        )
    with asking():
        return _answered(client_id, secret_file, database_url, base_url)


def _answered(
    client_id: str | None, secret_file: Path | None, database_url: str | None, base_url: str
) -> Answers:
    client_id = client_id or typer.prompt("clientId (vendor's console / 见厂商管理后台)", err=True)
    secret = (
        _read(secret_file)
        if secret_file
        else typer.prompt("clientSecret (not shown / 输入不显示)", hide_input=True, err=True)
    )
    if database_url is None and sys.stdin.isatty():
        database_url = typer.prompt(
            "database url, postgresql://… (empty: embedded Postgres / 数据库地址，留空则用内置 Postgres)",
            default="",
            show_default=False,
            err=True,
        )
    address = Secret(database_url) if database_url else None
    return Answers(client_id, Secret(secret.strip()), address, base_url)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise ConfigError(f"{file}: cannot be read / 无法读取: {why}") from None


def command(
    named: Path | None,
    answers: Answers,
    secret_file: Path | None,
    database_url: str | None,
    base_url: str,
    *,
    force: bool,
) -> str:
    """The same command once more, with what was answered, without a secret."""
    words = ["wpsync", *(["--config", str(named)] if named else []), "init"]
    words += ["--client-id", answers.client_id]
    if secret_file is not None:
        words += ["--client-secret-file", str(secret_file)]
    if database_url:
        words += ["--database-url", _without_password(database_url)]
    if base_url != config.AccountConfig.model_fields["base_url"].default:
        words += ["--base-url", base_url]
    return shlex.join([*words, *(["--force"] if force else [])])


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    who, at, host = parts.netloc.rpartition("@")
    user, colon, _ = who.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}:***{at}{host}")) if colon else address


def write(target: Path, answers: Answers, again: str) -> None:
    """Write the configuration, once the vendor has taken the credentials; else nothing is written.

    Raises what was wrong, with the command to try again.
    """
    from wpsync.daemon.preflight import try_credentials

    fresh = target.with_suffix(".new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(_text(answers), encoding="utf-8")
        loaded = config.load(fresh, environ=os.environ, cwd=Path.cwd())
        try_credentials(loaded, "main")
        fresh.replace(target)
    except OSError as exc:
        raise ConfigError(f"{target}: cannot be written / 无法写入: {exc.strerror}") from None
    except WpsyncError as exc:
        raise _unwritten(exc, fresh, target, again) from None
    finally:
        fresh.unlink(missing_ok=True)


def _unwritten(exc: WpsyncError, fresh: Path, target: Path, again: str) -> WpsyncError:
    """What was wrong, that nothing was written, and how to go on."""
    said = str(exc).replace(str(fresh), str(target))
    english, _, chinese = (exc.hint or "").partition(" / ")
    if isinstance(exc, AuthenticationError):
        said = "the vendor rejects this clientId and clientSecret"
        english = "compare both with the vendor's console"
        chinese = "请对照厂商管理后台核对 clientId 和 clientSecret"
    elif isinstance(exc, RetryableError):
        english, chinese = (
            "look at the network, the proxy and base_url",
            "请检查网络、代理和 base_url",
        )
    elif not english:
        english, chinese = "mend it", "请修正"
    return type(exc)(
        f"{said}\n  nothing was written / 未写入任何内容",
        hint=f"{english}, then try again: / {chinese}，然后重试：\n      {again}",
    )


def _text(answers: Answers) -> str:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    address = answers.database_url
    database = f"[database]\nurl = {quoted(address.reveal())}\n\n" if address else ""
    return (
        "# wpsync; config.example.toml shows every key. 全部配置项见 config.example.toml。\n\n"
        f"{database}[accounts.main]\nbase_url = {quoted(answers.base_url)}\n"
        f"client_id = {quoted(answers.client_id)}\n"
        f"client_secret = {quoted(answers.client_secret.reveal())}\n"
    )


@contextmanager
def then_migrating(named: Path | None) -> Iterator[None]:
    """What goes wrong now is the database's: the configuration is written, and need not be again."""
    try:
        yield
    except WpsyncError as exc:
        again = f"wpsync --config {shlex.quote(str(named))} migrate" if named else "wpsync migrate"
        english, _, chinese = (exc.hint or "").partition(" / ")
        raise type(exc)(
            str(exc),
            hint=f"{english or 'mend it'}, then: / {chinese or '请修正'}，然后执行：\n      {again}",
        ) from None
