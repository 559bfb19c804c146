"""The consoles of rich: every text is made visible before rich adds its own control sequences."""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from wpsync.cli import streams
from wpsync.visible import visible


class VisibleConsole(Console):
    """A console for texts of others. Everything that rich prints goes through `render`, piece by piece."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for piece in super().render(renderable, options):
            if piece.control:
                yield piece
            else:
                yield Segment(visible(piece.text), piece.style)


def console(*, stderr: bool = False, **more: Any) -> Console:
    """A console on standard output, or on standard error; `more` are rich's own settings."""
    file = streams.rendered(sys.stderr if stderr else sys.stdout)
    return VisibleConsole(file=file, highlight=False, markup=False, emoji=False, **more)
