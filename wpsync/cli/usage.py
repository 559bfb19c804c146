"""Help, and errors of usage, in one language.

Typer words both in English only: its copy of click has no translations. So help is written here from the declarations
of a command and its parameters, in lines that count a Chinese character as two columns, and an argument that typer
refuses becomes one of our errors (`refusal`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

import typer
from typer.core import TyperCommand, TyperGroup

from wpsync.errors import ConfigError, Message
from wpsync.language import tr

_COLUMN = 30
"""Columns of the names in a list; a longer one has a line of its own."""
_WORDS = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+")
_CLOSING = "，。；：、）！？"
"""Marks that begin no line."""


class Command(TyperCommand):
    """A command whose help and refusals are ours. Its arguments are typer's, whose types are private."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_help(self, ctx, formatter.width))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True
        try:
            rest = super().parse_args(ctx, args)
        except typer.TyperException as exc:
            raise refusal(exc, ctx) from None
        if rest:
            listed = " ".join(map(str, rest))
            raise ConfigError(
                "command.unexpected_argument", arguments=listed, command=ctx.command_path
            )
        return rest


class Group(TyperGroup):
    """A group of commands, likewise. Without arguments it prints its help, on standard error."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_help(self, ctx, formatter.width))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as exc:
            raise refusal(exc, ctx) from None

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (
            typer.TyperException
        ):  # the only one that is left: options, and no command after them
            raise ConfigError("command.no_command", command=ctx.command_path) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            raise ConfigError(
                "command.unknown_command",
                name=name,
                command=ctx.command_path,
                choices=choices(name, known),
            )
        return super().resolve_command(ctx, args)


def choices(name: str, known: Iterable[str]) -> Message:
    """Return the nearest known name, or all that are known where none is near."""
    from difflib import get_close_matches

    listed = list(known)
    near = get_close_matches(name, listed, 1)
    if near:
        return Message("command.nearest", {"near": near[0]})
    return Message("command.known", {"known": listed})


def refusal(error: Any, context: Any) -> ConfigError:
    """Word an error of usage. Typer keeps the classes of these to itself: they are known by name."""
    command = context.command_path
    match type(error).__name__:
        case "NoSuchOption":
            options = (one for one in context.command.params if one.param_type_name == "option")
            known = [*(name for one in options for name in one.opts), "--lang", "--help"]
            return ConfigError(
                "command.unknown_option",
                option=error.option_name,
                command=command,
                choices=choices(error.option_name, known),
            )
        case "BadOptionUsage" if _is_flag(context, error.option_name):
            return ConfigError("command.value_not_taken", option=error.option_name, command=command)
        case "BadOptionUsage":
            return ConfigError("command.value_missing", option=error.option_name, command=command)
        case "MissingParameter":
            return ConfigError("command.missing", name=_name(error.param), command=command)
        case "BadParameter" if error.param is not None:
            return _refused_value(error, command)
    return ConfigError("command.refused", command=command, words=error.message)


def _refused_value(error: Any, command: str) -> ConfigError:
    """A value that is not of its type. The cause is pydantic's error, which has a type and bounds."""
    option, problems = _name(error.param), getattr(error.__cause__, "errors", None)
    problem: dict[str, Any] = problems()[0] if problems is not None else {"type": ""}
    bounds = problem.get("ctx") or {}
    match problem["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return ConfigError("command.no_whole_number", option=option, command=command)
        case "float_parsing" | "float_type":
            return ConfigError("command.no_number", option=option, command=command)
        case "greater_than_equal":
            return ConfigError(
                "command.too_small", option=option, least=bounds["ge"], command=command
            )
        case "less_than_equal":
            return ConfigError(
                "command.too_large", option=option, most=bounds["le"], command=command
            )
        case "value_error" if "|" in _metavar(error.param):
            known = _metavar(error.param).split("|")
            return ConfigError("command.no_choice", option=option, known=known, command=command)
    return ConfigError("command.refused_value", option=option, command=command, words=error.message)


def _is_flag(context: Any, option: str) -> bool:
    return any(option in one.opts and one.is_flag for one in context.command.params)


def _name(parameter: Any) -> str:
    """`--from` of an option, `ID` of an argument."""
    if parameter.param_type_name == "argument":
        return _metavar(parameter)
    return str(max(parameter.opts, key=len))


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or (parameter.name or "").upper())


def _help(command: Any, ctx: Any, width: int) -> str:
    """Write the help of a command: its usage, its purpose, its arguments, options and commands."""
    parameters = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    options = [one for one in parameters if one.param_type_name == "option"]
    group = isinstance(command, Group)
    pieces = [tr("[OPTIONS]", "[选项]"), *(_argument(one) for one in arguments)]
    pieces += [tr("COMMAND …", "命令 …")] if group else []
    usage = f"{tr('Usage: ', '用法：')}{ctx.command_path} {' '.join(pieces)}"
    lines = [usage, ""]
    for paragraph in (command.help or "").split("\n\n"):
        lines += [*(f"  {line}" for line in wrapped(paragraph, width - 2)), ""]
    sections = [
        (tr("Arguments:", "参数："), [(_argument(one), one.help or "") for one in arguments]),
        (tr("Options:", "选项："), [*map(_option, options), *_of_every_command()]),
        (tr("Commands:", "命令："), list(_commands(command, ctx)) if group else []),
    ]
    for title, rows in sections:
        if rows:
            lines += [title, *_listed(rows, width), ""]
    return "\n".join(lines[:-1]) + "\n"


def _argument(one: Any) -> str:
    return _metavar(one) if one.required else f"[{_metavar(one)}]"


def _option(one: Any) -> tuple[str, str]:
    names = ", ".join(sorted(one.opts, key=len))
    extra = ""
    if one.required:
        extra = tr(" [required]", "（必填）")
    elif not one.is_flag and one.default is not None and one.show_default:
        extra = tr(f" [default: {one.default}]", f"（默认 {one.default}）")
    return (names if one.is_flag else f"{names} {_metavar(one)}"), f"{one.help or ''}{extra}"


def _of_every_command() -> list[tuple[str, str]]:
    return [
        (
            "--lang zh|en",
            tr(
                "The language of what is printed. Default: WPSYNC_LANG, lang in the configuration, the locale.",
                "输出所用的语言。默认依次取 WPSYNC_LANG、配置文件中的 lang、系统区域设置。",
            ),
        ),
        ("-h, --help", tr("Show this help.", "显示此帮助。")),
    ]


def _commands(group: Any, ctx: Any) -> Iterator[tuple[str, str]]:
    for name in group.list_commands(ctx):
        yield name, summary(group.get_command(ctx, name).help or "")


def summary(text: str) -> str:
    """The first sentence of a command's help, without its full stop."""
    first = re.split(r"(?<=[.])\s|(?<=。)|\n", text.strip(), maxsplit=1)[0]
    return first.rstrip(".。")


def _listed(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """A list of names and their explanations, which wrap under themselves."""
    column = min(_COLUMN, max(cells(name) for name, _ in rows)) + 2
    for name, text in rows:
        lines = wrapped(text, width - column - 2)
        if cells(name) + 2 > column:
            yield f"  {name}"
        else:
            yield f"  {name}{' ' * (column - cells(name))}{lines.pop(0) if lines else ''}".rstrip()
        for line in lines:
            yield f"  {' ' * column}{line}"


def cells(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines: broken at spaces, and between Chinese characters."""
    lines = [""]
    for word in _WORDS.findall(" ".join(text.split())):
        if cells(lines[-1]) + cells(word) > width and word not in _CLOSING and lines[-1]:
            lines.append("")
        if word.strip() or lines[-1]:
            lines[-1] += word
    return [line.rstrip() for line in lines if line.strip()]
