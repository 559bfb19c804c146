"""`key`: make keys."""

from typing import Annotated, Literal

import typer

from wpsync.cli.usage import Command, Group
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
