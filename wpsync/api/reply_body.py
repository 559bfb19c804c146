"""The body of a reply, decoded, and read only as far as a reply may be large.

The HTTP library decodes each part that comes as a whole: a megabyte of zeros, packed twice, would be unpacked to
gigabytes before anybody can look at its length. So we unpack here, never more than is still allowed.
"""

import zlib

import httpx

MOST_BYTES = 8 * 1024 * 1024
"""Bytes of a reply that are read. A page of 500 rows takes one or two megabytes."""

MOST_VALUES = 250_000
"""Values that the JSON of a reply may hold, at the most: each takes up to some hundred bytes once it is parsed."""

_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class TooLargeError(Exception):
    """A body is larger than it may be. `read` is the part that was read."""

    def __init__(self, read: bytes) -> None:
        super().__init__()
        self.read = read


def read(response: httpx.Response) -> bytes:
    """Return the body of a reply that is being streamed.

    Raises TooLargeError, httpx.DecodingError where it is not packed as it says, and the errors of the connection.
    """
    content = bytearray()
    unpacking = _unpacking(response.headers.get("Content-Encoding", ""))
    for part in response.iter_raw():
        left = MOST_BYTES + 1 - len(content)
        content += part[:left] if unpacking is None else _unpacked(unpacking, part, left)
        if len(content) > MOST_BYTES:
            raise TooLargeError(bytes(content))
    if unpacking is not None and content and not unpacking.eof:
        raise httpx.DecodingError("the packed body ends too early")
    if _values(content) > MOST_VALUES:
        raise TooLargeError(bytes(content))
    return bytes(content)


def _unpacking(encoding: str) -> "zlib._Decompress | None":
    """Return the unpacker of the body; None where it is not packed, or in a way that we never asked for."""
    named = [name.strip().lower() for name in encoding.split(",")]
    packed = [name for name in named if name not in ("", "identity")]
    is_known = len(packed) == 1 and packed[0] in _PACKED
    return zlib.decompressobj(_GZIP_OR_ZLIB) if is_known else None


def _unpacked(unpacking: "zlib._Decompress", part: bytes, most: int) -> bytes:
    try:
        return unpacking.decompress(part, most)
    except zlib.error:
        raise httpx.DecodingError("the body is not packed as it says") from None


def _values(content: bytearray) -> int:
    """Return how many values the JSON in a body holds at the most: text may hold these characters too."""
    return content.count(b",") + content.count(b"[") + content.count(b"{")
