"""Invisible characters made visible at the edges where a text leaves: the terminal, the log and the page.

A control sequence of a terminal (C0, C1, ESC), a line break, a mark that turns the order of reading (bidi), and a
character without width (also a tag, a filler, half of an emoji) are written out as `\\u202e`: in JSON this is the same
text. Pure.
"""

import re

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 but for tab and line feed
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_MANY_LINES = re.compile(f"[{_UNSEEN}]")
_ONE_LINE = re.compile(f"[{_UNSEEN}\t\n]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text without invisible characters; tabs and line feeds stay."""
    return text if _is_plain(text) else _MANY_LINES.sub(_written, text)


def one_line(text: str) -> str:
    """The same, on one line: for a value of others within a line of ours."""
    return text if _is_plain(text) else _ONE_LINE.sub(_written, text)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _written(found: re.Match[str]) -> str:
    one = found[0]
    if one in _SHORT:
        return _SHORT[one]
    code = ord(one)
    if code > 0xFFFF:  # as JSON writes it
        high, low = divmod(code - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return f"\\u{code:04x}"
