"""Messages as data: their rendering, what is kept of them, and the causes that failures share."""

import json
import re
import string
from datetime import UTC, datetime

import pytest

from wpsync.errors import Message
from wpsync.language import Language
from wpsync.messages import classification, remedy, say, stored
from wpsync.messages.catalogue import MESSAGES
from wpsync.messages.classification import Cause

CHINESE = r"[\u4e00-\u9fff]"
AT = datetime(2026, 5, 20, 6, 0, 7, tzinfo=UTC)
REFUSED = Message("window.mostly_dead_letters", {"start": AT, "end": AT, "reason": "unread"})
DOWN = Message("vendor.server_error", {"endpoint": "/x", "status": 503}, "text/plain: x")


def kept(message):
    """As the database gives it back."""
    return stored(message.code, json.loads(json.dumps(message.stored())), message.words)


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_both_languages_of_a_text_and_a_remedy_name_the_same_parameters(code):
    entry = MESSAGES[code]
    for text in filter(None, (entry.text, entry.remedy)):
        (en, named), (zh, named_in_chinese) = map(parts, (text.en, text.zh))
        assert named == named_in_chinese
        assert re.search(CHINESE, zh) or not re.search("[a-z]", en)
        assert not re.search(CHINESE, en)
        assert not en.endswith(".")
        assert not zh.endswith("。")


def parts(template):
    """The words of a text, and the parameters that it names."""
    parsed = list(string.Formatter().parse(template))
    return "".join(words for words, *_ in parsed), {field for _, field, _, _ in parsed if field}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "message",
    [
        REFUSED,
        Message("listing.passed_over", {"which": "r1", "cause": DOWN}),
        Message("window.several", {"count": 7, "first": [REFUSED, DOWN]}),
        Message("dead_letter.payload_not_an_object", {"kind": "array"}),
        Message("job.deadline", {"seconds": 21_600}),
        Message("job.targets_unreachable", {"targets": ["a", "b"]}),
    ],
    ids=str,
)
def test_a_message_reads_the_same_after_it_was_kept(message, language):
    assert say(kept(message), language) == say(message, language)
    assert remedy(kept(message), language) == remedy(message, language)


def test_a_message_of_several_shows_their_texts_and_the_first_remedy():
    several = Message("window.several", {"count": 2, "first": [DOWN, REFUSED]})
    assert say(several, Language.EN) == (
        '2 problems: the vendor answers HTTP 503 (/x): "text/plain: x";'
        " 2026-05-20 14:00:07 to 2026-05-20 14:00:07: nobody has read it yet"
    )
    assert remedy(several, Language.EN) == remedy(DOWN, Language.EN)
    assert "parameter encryption" in str(remedy(Message("window.several", {"first": [REFUSED]})))


def test_failures_of_one_cause_have_one_key_whatever_they_met_it_at():
    other = Message("vendor.unreachable", {"endpoint": "/y", "error": "ConnectError"})
    inside = Message("vendor.nothing_shown", {"start": AT, "end": AT, "cause": DOWN})
    assert {classification.key(one) for one in (DOWN, other, inside, kept(inside))} == {
        Cause.VENDOR
    }
    assert classification.shared(None) is None


def test_other_failures_are_told_apart_by_code_and_words_but_not_by_endpoint():
    def refused(endpoint, words):
        return classification.key(Message("vendor.refused", {"endpoint": endpoint}, words))

    assert refused("/x", "a") == refused("/y", "a") != refused("/x", "b")
    assert classification.key(Message("vendor.wrong_parameter", {"endpoint": "/x"})) != refused(
        "/x", None
    )


def test_every_code_with_a_cause_is_in_the_catalogue():
    assert set(classification._CAUSES) <= set(MESSAGES)
