"""Which failures have one cause: jobs that fail for it are one trouble, logged once and alerted once.

Read off the code alone. A code that is not listed here is a trouble of its own.
"""

from dataclasses import replace
from enum import StrEnum

from wpsync.errors import Message
from wpsync.messages import nested


class Cause(StrEnum):
    """A cause that several jobs may have in common.

    That of the database is shared by all accounts, the others by the jobs of one account.
    """

    VENDOR = "vendor"
    SPEED = "speed"
    CREDENTIALS = "credentials"
    DATABASE = "database"
    DEADLINE = "deadline"


_CAUSES = {
    "vendor.unreachable": Cause.VENDOR,
    "vendor.certificate_untrusted": Cause.VENDOR,
    "vendor.no_tls": Cause.VENDOR,
    "vendor.name_unknown": Cause.VENDOR,
    "vendor.proxy_refuses": Cause.VENDOR,
    "vendor.no_answer": Cause.VENDOR,
    "vendor.server_error": Cause.VENDOR,
    "vendor.not_an_envelope": Cause.VENDOR,
    "vendor.encrypted_reply": Cause.VENDOR,
    "vendor.damaged_reply": Cause.VENDOR,
    "vendor.other_encoding": Cause.VENDOR,
    "vendor.reply_too_large": Cause.VENDOR,
    "vendor.no_reason": Cause.VENDOR,
    "vendor.too_fast": Cause.SPEED,
    "vendor.credentials_rejected": Cause.CREDENTIALS,
    "database.unavailable": Cause.DATABASE,
    "database.no_answer_in_time": Cause.DATABASE,
    "database.commits_hang": Cause.DATABASE,
    "database.statement_canceled": Cause.DATABASE,
    "database.lock_not_had": Cause.DATABASE,
    "database.too_many_connections": Cause.DATABASE,
    "database.login_refused": Cause.DATABASE,
    "database.setting_invalid": Cause.DATABASE,
    "database.not_utf8": Cause.DATABASE,
    "database.right_missing": Cause.DATABASE,
    "database.disk_full": Cause.DATABASE,
    "database.shared_memory_full": Cause.DATABASE,
    "database.read_only": Cause.DATABASE,
    "schema.differs": Cause.DATABASE,
    "job.deadline": Cause.DEADLINE,
}


def shared(message: Message | None) -> Cause | None:
    """Return the cause that a failure shares with others, be it that of the message in its parameter `cause`."""
    if message is None:
        return None
    return _CAUSES.get(message.code) or shared(nested(message.params.get("cause")))


def key(message: Message) -> str:
    """Return a key that failures of one cause share: the cause, else all of the message but the endpoint."""
    if cause := shared(message):
        return cause
    params = {name: value for name, value in message.params.items() if name != "endpoint"}
    return f"{replace(message, params=params)} {message.quote or ''}"
