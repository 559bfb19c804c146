"""`key`: make and rotate keys."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from wpsync.cli.context import configuration
from wpsync.cli.usage import Command, Group
from wpsync.errors import ConfigError
from wpsync.language import tr

key = typer.Typer(
    cls=Group,
    help=tr("Make keys: for tokens, receipts and hashes.", "生成密钥（用于令牌、回执和哈希）。"),
)

_Kind = Annotated[
    Literal["token", "receipt", "privacy"],
    typer.Argument(
        metavar="token|receipt|privacy",
        help=tr("Its use: no key serves two.", "用途，每个密钥只有一种用途。"),
    ),
]


@key.command(
    "new",
    cls=Command,
    help=tr(
        "Print a new key, e.g. to give it to containers as a secret.",
        "生成一个新密钥并输出，例如作为 secret 提供给容器。",
    ),
)
def new(kind: _Kind) -> None:
    """Print a new key, as a line of a key file."""
    from wpsync.config import key_files

    print(key_files.new(key_files.Kind(kind)).line())


@key.command(
    "rotate",
    cls=Command,
    help=tr(
        "Add a new key to the key file; earlier ones stay, for what they have closed.",
        "在密钥文件中加入新密钥；旧密钥保留，用于解密已有内容。",
    ),
)
def rotate(
    context: typer.Context,
    kind: Annotated[
        Literal["token"],
        typer.Argument(metavar="token", help=tr("Its use.", "用途。")),
    ],
) -> None:
    """Add a new key to the file of the configuration, or of data_dir."""
    from wpsync.config import key_files

    config, wanted = configuration(context), key_files.Kind(kind)
    file = Path(config.keys_place(wanted))
    if not file.is_absolute():
        raise ConfigError("command.key_without_file", setting=str(file), kind=kind)
    fresh = key_files.rotate(file, wanted)
    print(tr(f"{file}: key {fresh.id} is the present one", f"{file}：当前密钥为 {fresh.id}"))
