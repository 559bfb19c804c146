"""Logging: one formatter (text or JSON lines), and a wall that no secret passes.

A log line is an event, dotted and in the past tense, with fields: request.sent, request.retried,
key.made, token.renewed, token.replaced, window.closed, window.incomplete, window.retried, run.failed, run.unrecorded,
job.failed, job.failing, job.recovered, vendor.away, vendor.back, database.away, database.back, database.commits_hang,
database.commits_end, migration.applied,
clock.was_ahead, progress.told, resource.ended. JSON lines have the keys time, level, event, logger, the event's own
fields, and error with a traceback where there is one.

A field that is a `Message` is worded in the language of the process, followed by its remedy as `hint`; JSON lines also
have its code, parameters and the words of others: for a field `error` the keys error_code, error_params, error_words.

The HTTP library logs whole URLs, and the vendor's token travels in the URL: its loggers stay at
WARNING, and everything that leaves goes through `redact`.
"""

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from wpsync.errors import Message
from wpsync.messages import remedy, say
from wpsync.visible import one_line, visible

_QUIET = (
    "httpx",
    "httpcore",
    "alembic",
    "tzlocal",
    "urllib3",
    "requests",
    "uvicorn",
)
_CHATTY = ("apscheduler", "psycopg.pool")
"""These warn of each time that finds its job at work, and of each attempt to connect: we tell of both once."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PATTERNS = (
    (
        re.compile(
            r"((?:access|refresh)_?token|client_?secret|password)([\"']*\s*[=:][\"'=:\s]*)[^\s\"'&,}]+",
            re.IGNORECASE,
        ),
        r"\1\2***",
    ),
    (re.compile(r"(postgres(?:ql)?(?:\+psycopg)?://[^:/@\s]*:)[^@\s]+@"), r"\1***@"),
    (re.compile(r"\b[0-9A-Fa-f]{32}\b"), "***"),
    (re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), "1**********"),
)

_secrets: set[str] = set()
_lock = threading.Lock()


def register_secret(value: str) -> None:
    """A value that must never be seen in a log line. Very short ones would spoil ordinary words."""
    if len(value) >= 4:
        with _lock:
            _secrets.add(value)


def redact(text: str) -> str:
    """The text without secrets, tokens, passwords and mobile numbers."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Formatter(logging.Formatter):
    """Renders an event, and redacts the line as a whole."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        fields = self._worded({k: v for k, v in vars(record).items() if k not in _STANDARD})
        at = datetime.fromtimestamp(record.created, UTC)
        error = self.formatException(record.exc_info) if record.exc_info else None
        if self._json:
            line = {
                "time": at.isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "event": record.getMessage(),
                "logger": record.name,
                **fields,
            }
            if error is not None:
                line["error"] = error
            return visible(redact(json.dumps(line, ensure_ascii=False, default=str)))
        shown = " ".join(f"{key}={value}" for key, value in fields.items())
        local = at.astimezone().isoformat(sep=" ", timespec="seconds")
        text = f"{local} {record.levelname.lower():<7} {record.getMessage()} {shown}".rstrip()
        if error is not None:
            text = f"{text} error={error}"
        return one_line(redact(text))  # one event a line

    def _worded(self, fields: dict[str, object]) -> dict[str, object]:
        """Replace each message among the fields by its text, and add its remedy."""
        found: dict[str, object] = {}
        for key, value in fields.items():
            if not isinstance(value, Message):
                found[key] = value
                continue
            found[key] = say(value)
            if self._json:
                found |= {f"{key}_code": value.code, f"{key}_params": value.stored()}
                found |= {f"{key}_words": value.words} if value.words else {}
            if hint := remedy(value):
                found["hint"] = hint
        return found


def setup(level: str, form: str, stream: TextIO) -> None:
    """Send all logging to `stream`, and uncaught exceptions through the same wall. May be called again."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    chatty = logging.WARNING if level.lower() == "debug" else logging.ERROR
    for name in _CHATTY:
        logging.getLogger(name).setLevel(chatty)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    shown = error if error is not None else kind()
    logging.getLogger("wpsync").critical("program.failed", exc_info=(kind, shown, trace))
