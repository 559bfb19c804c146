"""Nothing secret leaves through the log."""

import io
import json
import logging
import sys
import threading

import pytest

from wpsync import log
from wpsync.errors import Message
from wpsync.language import Language, speaking


@pytest.fixture
def stream():
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    sys.excepthook, threading.excepthook = hooks


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_redacted_in_message_fields_and_traceback(stream, form):
    log.register_secret("very-secret-value")
    log.setup("debug", form, stream)
    logger = logging.getLogger("wpsync.test")
    try:
        raise RuntimeError(
            "https://x/?accessToken=70C5F5F19942DF9378422B649D3E14BD for 13877777777"
        )
    except RuntimeError:
        logger.exception(
            "run.failed",
            extra={"where": "very-secret-value", "url": "postgresql://u:pass-word@h/d"},
        )
    said = stream.getvalue()
    for secret in (
        "very-secret-value",
        "70C5F5F19942DF9378422B649D3E14BD",
        "pass-word",
        "13877777777",
    ):
        assert secret not in said
    assert "run.failed" in said
    if form == "json":
        assert json.loads(said)["event"] == "run.failed"


def test_the_http_library_is_kept_quiet(stream):
    log.setup("debug", "text", stream)
    logging.getLogger("httpx").info("HTTP Request: POST https://x/?accessToken=abc")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_one_event_is_one_line_whatever_a_message_holds(stream, form):
    log.setup("debug", form, stream)
    logger = logging.getLogger("wpsync.test")
    logger.warning("alert.refused\nforged=1", extra={"detail": "two\r\nlines\u2028three"})
    try:
        raise ValueError("several\nlines")
    except ValueError:
        logger.exception("job.failed")
    assert len(stream.getvalue().splitlines()) == 2


REFUSED = Message("vendor.ip_not_allowed", {"endpoint": "/x"}, "IP 不在\n白名单")


@pytest.mark.parametrize(
    ("language", "text", "hint"),
    [
        (Language.EN, "not on the vendor's allow list (/x): \"IP", "hint=add the address"),
        (Language.ZH, "本机 IP 不在厂商的白名单中（/x）：“IP", "hint=请在厂商后台"),
    ],
)
def test_a_message_is_worded_in_the_language_of_the_process_with_its_remedy(
    stream, language, text, hint
):
    log.setup("info", "text", stream)
    with speaking(language):
        logging.getLogger("wpsync.test").error("job.failed", extra={"error": REFUSED})
    (line,) = stream.getvalue().splitlines()
    assert text in line
    assert hint in line
    assert "IP 不在\\n白名单" in line


def test_a_message_in_json_keeps_its_code_and_parameters_under_keys_of_their_own(stream):
    log.setup("info", "json", stream)
    with speaking(Language.ZH):
        logging.getLogger("wpsync.test").error("job.failed", extra={"error": REFUSED})
    line = json.loads(stream.getvalue())
    assert line["error"].startswith("本机 IP 不在厂商的白名单中（/x）：")
    assert (line["error_code"], line["error_params"], line["error_words"]) == (
        "vendor.ip_not_allowed",
        {"endpoint": "/x"},
        "IP 不在\n白名单",
    )
    assert line["hint"] == "请在厂商后台把本机 IP 加入白名单"


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_in_the_words_of_a_message_are_redacted(stream, form):
    log.setup("info", form, stream)
    token, phone = "70C5F5F19942DF9378422B649D3E14BD", "13877777777"
    error = Message("vendor.refused", {"endpoint": f"/x?accessToken={token}"}, phone)
    logging.getLogger("wpsync.test").error("job.failed", extra={"error": error})
    assert token not in stream.getvalue()
    assert phone not in stream.getvalue()


def test_a_sentence_about_a_password_is_not_taken_for_one():
    said = 'FATAL:  password authentication failed for user "app"'
    assert log.redact(said) == said
    assert log.redact("password: one, password=two") == "password: ***, password=***"
