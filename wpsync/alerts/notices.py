"""The text of alerts, in one language, from incidents. Pure.

A notice has a line for each incident and, below it, the remedy behind an arrow: chats (DingTalk, Feishu, WeCom) show
such plain lines as they are. Webhooks get the same as data, with English keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from wpsync import messages
from wpsync.config import Config
from wpsync.errors import Message
from wpsync.language import Language, Text, spoken
from wpsync.messages.formats import duration
from wpsync.state.incidents import Incident

_BEGUN = Text("{n} new problem", "{n} 个新问题")
_BEGUN_MANY = Text("{n} new problems", "{n} 个新问题")
_OVER = Text("{n} resolved", "{n} 个问题已恢复")
_AFTER = Text("resolved after {span}: {text}", "已恢复（持续 {span}）：{text}")
_TEST = Text("test message", "测试消息")
_DATABASE = {
    "condition.database_away": Text("the database does not answer", "数据库没有响应"),
    "condition.database_unwritable": Text("the database accepts no writes", "数据库无法写入"),
    "condition.database_hangs": Text("commits in the database hang", "数据库的提交没有返回"),
    "condition.database_back": Text("the database is back", "数据库已恢复"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert as it is sent. `incidents` are the same as data, for webhooks."""

    title: str
    text: str
    language: Language = Language.EN
    incidents: Sequence[Mapping[str, object]] = ()


def language_of(config: Config) -> Language:
    """Return the language of alerts: the configured one, else that of the process."""
    return Language(config.lang) if config.lang else spoken()


def of_incidents(config: Config, begun: Sequence[Incident], over: Sequence[Incident]) -> Notice:
    """Return the notice of incidents that began and of others that are over."""
    language = language_of(config)
    titles = []
    if begun:
        titles.append((_BEGUN_MANY if len(begun) > 1 else _BEGUN).to(language).format(n=len(begun)))
    if over:
        titles.append(_OVER.to(language).format(n=len(over)))
    lines = [_line(one.account, *messages.shown(one.message, language)) for one in begun]
    lines += [_over(one, language) for one in over]
    data = [_data("began", one, language) for one in begun]
    data += [_data("resolved", one, language) for one in over]
    between = "，" if language is Language.ZH else ", "
    return _notice(config, between.join(titles), lines, data)


def of_database(config: Config, message: Message) -> Notice:
    """Return the notice of a database that is away, accepts no writes, or is back: no incident can be kept then."""
    title = _DATABASE[message.code]
    event = "resolved" if message.code == "condition.database_back" else "began"
    return _single(
        config, title, message, {"event": event, "kind": "database", "severity": "critical"}
    )


def of_test(config: Config, host: str) -> Notice:
    """Return the notice that `wpsync alert test` sends."""
    message = Message("condition.test", {"host": host, "accounts": list(config.accounts) or ["-"]})
    return _single(config, _TEST, message, {"event": "test", "kind": "test", "severity": "warning"})


def _single(config: Config, title: Text, message: Message, about: Mapping[str, object]) -> Notice:
    language = language_of(config)
    line = _line("", *messages.shown(message, language))
    data = {**about, "account": "", "resource": "", **_worded(message, language)}
    return _notice(config, title.to(language), [line], [data])


def _notice(
    config: Config, title: str, lines: Sequence[str], data: Sequence[Mapping[str, object]]
) -> Notice:
    text = "\n".join(lines)
    if config.alerts.page_url:
        text = f"{text}\n\n{config.alerts.page_url}"
    return Notice(f"[wpsync] {title}", text, language_of(config), data)


def _line(account: str, text: str, remedy: str | None = None) -> str:
    where = f"[{account}] " if account else ""
    return f"• {where}{text}" + (f"\n  → {remedy}" if remedy else "")


def _over(incident: Incident, language: Language) -> str:
    span = duration(_lasted(incident).total_seconds(), language)
    text = messages.shown(incident.message, language)[0]
    return _line(incident.account, _AFTER.to(language).format(span=span, text=text))


def _lasted(incident: Incident) -> timedelta:
    assert incident.closed_at is not None
    assert incident.opened_at is not None
    return max(timedelta(minutes=1), incident.closed_at - incident.opened_at)


def _data(event: str, incident: Incident, language: Language) -> dict[str, object]:
    times = {
        name: at.isoformat() if at else None
        for name, at in (("opened_at", incident.opened_at), ("closed_at", incident.closed_at))
    }
    return {
        "event": event,
        "kind": incident.kind,
        "severity": incident.severity,
        "account": incident.account,
        "resource": incident.resource,
        **times,
        **_worded(incident.message, language),
    }


def _worded(message: Message, language: Language) -> dict[str, object]:
    text, remedy = messages.shown(message, language)
    return {
        "code": message.code,
        "params": message.stored(),
        "words": message.words,
        "text": text,
        "remedy": remedy,
    }
