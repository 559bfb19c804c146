"""`init`: ask for the values of a configuration, try them, and write them only when they are good."""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, cast

import typer

from wpsync import config
from wpsync.cli import complain
from wpsync.cli.context import asking, note
from wpsync.config import database_address, private_file
from wpsync.config.problems import ProblemError
from wpsync.config.tree import text_of
from wpsync.errors import AuthenticationError, ConfigError, Message, WpsyncError
from wpsync.language import spoken, tr
from wpsync.model import Secret


@dataclass(frozen=True, slots=True)
class Answers:
    """The values that were given or asked for."""

    client_id: str
    client_secret: Secret
    database_url: Secret | None
    base_url: str


def asked(
    client_id: str | None, secret_file: Path | None, database_url: str | None, base_url: str
) -> Answers:
    """Ask on the terminal for the values that were not given. Raises ConfigError where there is no terminal."""
    if not sys.stdin.isatty() and not (client_id and secret_file):
        raise ConfigError("command.no_terminal_for_credentials")
    with asking():
        return _answered(client_id, secret_file, database_url, base_url)


def _answered(
    client_id: str | None, secret_file: Path | None, database_url: str | None, base_url: str
) -> Answers:
    client_id = client_id or typer.prompt(
        tr("clientId (from the vendor's console)", "clientId（见厂商管理后台）"), err=True
    )
    secret = (
        _read(secret_file)
        if secret_file
        else typer.prompt(
            tr("clientSecret (not shown)", "clientSecret（输入不显示）"), hide_input=True, err=True
        )
    )
    if database_url is None and sys.stdin.isatty():
        database_url = typer.prompt(
            tr(
                "database url, postgresql://… (empty: embedded Postgres)",
                "数据库地址，postgresql://…（留空则用内置 Postgres）",
            ),
            default="",
            show_default=False,
            err=True,
        )
    address = Secret(database_url) if database_url else None
    return Answers(client_id, Secret(secret.strip()), address, base_url)


def _read(file: Path) -> str:
    try:
        return text_of(file)
    except OSError as exc:
        raise ConfigError("command.unreadable_file", file=file, words=exc.strerror) from None
    except UnicodeDecodeError:
        raise ConfigError("command.no_text_file", file=file) from None


def command(
    named: Path | None,
    answers: Answers,
    secret_file: Path | None,
    database_url: str | None,
    base_url: str,
    *,
    force: bool,
) -> str:
    """Return the same command once more, with the answers, without a secret."""
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
    """Return the address of a database with *** for its password. One that cannot be read is *** as a whole."""
    try:
        password = database_address.parsed(address).get("password")
    except ProblemError:
        return "***"
    who, at, rest = address.partition("@")
    scheme, slashes, user = who.partition("://")
    named = user.partition(":")[0]
    return f"{scheme}{slashes}{named}:***{at}{rest}" if password and at else address


def write(target: Path, answers: Answers, again: str) -> None:
    """Write the configuration, once the vendor has taken the credentials; else nothing is written.

    Where something is wrong, print it with the command to try again, and exit.
    """
    from wpsync.daemon.preflight import try_credentials

    tried = target
    try:
        with private_file.written(target, _text(answers)) as tried:
            loaded = config.load(tried, environ=os.environ, cwd=Path.cwd())
            try_credentials(loaded, "main")
    except OSError as exc:
        raise ConfigError("command.unwritable_file", file=target, words=exc.strerror) from None
    except AuthenticationError as exc:
        complain(Message("command.credentials_rejected", quote=exc.message.quote))
        _say_again(exc, again)
    except WpsyncError as exc:
        complain(cast("Message", _of_target(exc.message, str(tried), str(target))))
        _say_again(exc, again)


def _of_target(value: object, fresh: str, target: str) -> object:
    """Name the target in a message, for the file that was tried in its place and is gone by now."""
    if isinstance(value, Message):
        params = {name: _of_target(one, fresh, target) for name, one in value.params.items()}
        return Message(value.code, params, value.words, quote=value.quote)
    if isinstance(value, list | tuple):
        return [_of_target(one, fresh, target) for one in value]
    return value.replace(fresh, target) if isinstance(value, str) else value


def _say_again(exc: WpsyncError, again: str) -> NoReturn:
    note(tr("nothing was written; try again with:", "未写入任何内容；请重试："))
    print(f"      {again}", file=sys.stderr)
    raise typer.Exit(exc.exit_status)


def _text(answers: Answers) -> str:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    address = answers.database_url
    database = f"[database]\nurl = {quoted(address.reveal())}\n\n" if address else ""
    opening = tr(
        "# wpsync. Every key with its default: config.example.toml.\n"
        "# The language of commands, logs and alerts: zh or en.\n",
        "# wpsync 配置。全部配置项及默认值见 config.example.zh.toml。\n"
        "# 命令输出、日志和告警的语言：zh 或 en。\n",
    )
    return (
        f'{opening}lang = "{spoken()}"\n\n'
        f"{database}[accounts.main]\nbase_url = {quoted(answers.base_url)}\n"
        f"client_id = {quoted(answers.client_id)}\n"
        f"client_secret = {quoted(answers.client_secret.reveal())}\n"
    )


@contextmanager
def then_migrating(named: Path | None) -> Iterator[None]:
    """Report an error of the database: the configuration is written by now, and only the schema is missing."""
    try:
        yield
    except WpsyncError as exc:
        again = f"wpsync --config {shlex.quote(str(named))} migrate" if named else "wpsync migrate"
        complain(exc.message)
        note(
            tr(
                "the configuration is written, the schema is not created yet; when this is mended, go on with:",
                "配置已写入，但尚未建表；修复后请执行：",
            )
        )
        print(f"      {again}", file=sys.stderr)
        raise typer.Exit(exc.exit_status) from None
