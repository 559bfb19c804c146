"""The words of every message to people, in English and Chinese. Pure.

Here live the catalogue (each code of an error, a condition or a cause, with its text and its remedy), the names of
resources, jobs and reasons (`terms`), and the rendering. When a message is shown, and to whom, does not live here.

A text is a template: `{endpoint}` is a parameter as it is, `{rows:count}` one in a format of `formats`. No text is
ever parsed back: the code and the parameters hold all that must be known later.
"""

from collections.abc import Iterator, Mapping
from typing import cast

from wpsync.errors import Message
from wpsync.language import Language, spoken
from wpsync.messages.catalogue import MESSAGES
from wpsync.messages.formats import Formats


def say(message: Message, language: Language | None = None, *, quoting: bool = False) -> str:
    """Return a message's text, with the words of the system behind it; in the language of the process by default.

    `quoting` adds the vendor's words: only for the terminal of the command that met them.
    Raises KeyError for a code that is not in the catalogue, or a parameter that its text lacks.
    """
    language = language or spoken()
    text = _rendered(MESSAGES[message.code].text.to(language), message, language, quoting=quoting)
    words = message.words or (message.quote if quoting else None)
    if not words:
        return text
    return f"{text}：“{words}”" if language is Language.ZH else f'{text}: "{words}"'


def quotes(message: Message) -> Iterator[Message]:
    """Yield a message, and those among its parameters, that hold the vendor's words."""
    if message.quote:
        yield message
    for value in message.params.values():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, Message):
                yield from quotes(one)


def remedy(message: Message, language: Language | None = None) -> str | None:
    """Return the next step for a person: a message's own remedy, else that of a message among its parameters."""
    language = language or spoken()
    own = MESSAGES[message.code].remedy
    if own is not None:
        return _rendered(own.to(language), message, language)
    for value in message.params.values():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            inner = nested(one)
            if inner is not None and (found := remedy(inner, language)) is not None:
                return found
    return None


def shown(message: Message, language: Language | None = None) -> tuple[str, str | None]:
    """Return the text and the remedy of a message that was stored, perhaps by another version of wpsync.

    Shows a message whose code or parameters this version does not know as the code and the parameters.
    """
    try:
        return say(message, language), remedy(message, language)
    except (KeyError, TypeError, ValueError):
        return str(message), None


def stored(code: str | None, params: object, words: str | None) -> Message | None:
    """Return a message as it was kept in columns `error_code`, `error_params`, `error_words`; None where there was none."""
    if code is None:
        return None
    return Message(code, cast("Mapping[str, object]", params or {}), words)


def nested(value: object) -> Message | None:
    """Return a message among the parameters, also as JSON holds it; None for anything else."""
    if isinstance(value, Message):
        return value
    if isinstance(value, dict) and "code" in value:
        return stored(value["code"], value.get("params"), value.get("words"))
    return None


def _rendered(template: str, message: Message, language: Language, *, quoting: bool = False) -> str:
    def worded(value: object) -> str:
        inner = nested(value)
        return str(value) if inner is None else say(inner, language, quoting=quoting)

    return Formats(language, worded).vformat(template, (), message.params)
