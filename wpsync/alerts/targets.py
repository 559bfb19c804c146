"""Sending a message to DingTalk, Feishu, WeCom, mail or a webhook, by Apprise.

A target's address holds its secret: it is shown by its scheme only, and Apprise's own logging, which
shows addresses, is off.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import apprise
from apprise.plugins.custom_json import NotifyJSON

from wpsync.alerts.notices import Notice
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


def send(target: Target, notice: Notice) -> bool:
    """Send a notice; return whether the target took it. Nothing is raised."""
    plugin = apprise.Apprise.instantiate(target.address.reveal()) if target.is_good else None
    if plugin is None:
        return False
    if isinstance(plugin, NotifyJSON):
        own = {"language": str(notice.language), "incidents": list(notice.incidents)}
        plugin.payload_extras = {**own, **plugin.payload_extras}
    sender = apprise.Apprise()
    sender.add(plugin)
    return bool(
        sender.notify(body=notice.text, title=notice.title, body_format=apprise.NotifyFormat.TEXT)
    )
