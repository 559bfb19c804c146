"""Sending a message to DingTalk, Feishu, WeCom, mail or a webhook, by Apprise.

A target's address holds its secret: it is shown by its scheme only, and Apprise's own logging, which
shows addresses, is off.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import apprise

from wpsync.log import register_secret
from wpsync.model import Secret

logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go. `name` is its number and scheme; `is_good`: Apprise understands it."""

    name: str
    address: Secret
    is_good: bool


def targets(addresses: Sequence[Secret]) -> list[Target]:
    """The configured targets, in order."""
    found = []
    for number, address in enumerate(addresses, 1):
        text = address.reveal()
        register_secret(text)
        scheme = text.partition("://")[0] if "://" in text else "?"
        understood = apprise.Apprise.instantiate(text) is not None
        found.append(Target(f"{number}:{scheme}", address, understood))
    return found


def send(target: Target, title: str, text: str) -> bool:
    """Whether the target took the message. Nothing is raised."""
    sender = apprise.Apprise()
    if not target.is_good or not sender.add(target.address.reveal()):
        return False
    return bool(sender.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))
