"""The language of this process, English or Chinese, and texts in both.

A process speaks one language at a time, chosen once when it starts (`choose`, `speak`). The status page is the
exception: each of its readers has a language, so it passes one to `Text.to`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language that wpsync speaks."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages: the only type for such pairs."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        """Return the text in a language."""
        return self.zh if language is Language.ZH else self.en


_language = Language.EN


def speak(language: Language) -> None:
    """Set the language of this process. Texts worded before stay as they are."""
    global _language
    _language = language


def spoken() -> Language:
    """Return the language of this process."""
    return _language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak another language until left."""
    before = spoken()
    speak(language)
    try:
        yield
    finally:
        speak(before)


def tr(en: str, zh: str) -> str:
    """Return the text in the language of this process."""
    return zh if _language is Language.ZH else en


def choose(wanted: str | None, environ: Mapping[str, str], configured: str | None) -> Language:
    """Return the language that a command speaks.

    The first of these that names one: `wanted` (`--lang`), WPSYNC_LANG, `configured` (`lang` in the configuration), the
    locale (LC_ALL, else LC_MESSAGES, else LANG, as POSIX orders them). English otherwise. Raises ValueError for a
    language in the first three that wpsync does not speak.
    """
    for name in (wanted, environ.get("WPSYNC_LANG"), configured):
        if name:
            return Language(name.strip().lower())
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return Language.ZH if locale.lower().startswith("zh") else Language.EN
