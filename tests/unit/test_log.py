"""Nothing secret leaves through the log."""

import io
import json
import logging
import sys
import threading

import pytest

from wpsync import log


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
