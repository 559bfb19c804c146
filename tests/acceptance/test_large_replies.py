"""Replies that are too large cost requests and no rows, and a row that is too large by itself becomes a dead letter."""

import json
from base64 import b64encode
from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences

MESSAGES = "/api/wechat/getWeMessageByPage"
MIB = 1024 * 1024


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=600, days=2)


def padded(line, number, size, *, at_front=False):
    """Let a message be sent with so many spaces in it, which change nothing of what it says; returns its id."""
    row = line.vendor.world.series["wechat_messages"].rows[number]
    sent = row.encode().replace(b"  ", b"")
    spaces = b" " * size
    sent = b"{" + spaces + sent[1:] if at_front else sent[:-1] + spaces + b"}"
    line.remote.mutate("wechat_messages", row.id, sent=b64encode(sent).decode())
    return row.id


def letters(line):
    return line.driver.query(
        "select record_id, original from wpsync.dead_letters"
        " where reason = 'too_large' and resolved_at is null"
    )


OPEN = "select count(*) from wpsync.windows where state <> 'complete'"


def test_a_page_that_is_too_large_comes_in_smaller_ones(line):
    for number in range(100, 350):
        padded(line, number, 150_000)
    (backfill,) = line.driver.backfill("3d", ["wechat_messages"])
    assert (backfill.outcome, letters(line)) == ("done", [])
    assert differences(line.driver, line.vendor, ["wechat_messages"]) == []
    assert line.driver.one(OPEN) == 0
    assert len(line.requests(path=MESSAGES)) < 100
    sizes = {request["body"].get("pageSize") for request in line.requests(path=MESSAGES)}
    assert {100, 10} <= sizes


@pytest.mark.parametrize("at_front", [False, True], ids=["id first", "id out of reach"])
def test_a_row_that_is_too_large_is_a_dead_letter_and_its_neighbours_come(line, at_front):
    identifier = padded(line, 250, 9 * MIB, at_front=at_front)
    (backfill,) = line.driver.backfill("3d", ["wechat_messages"])
    assert backfill.outcome == "done"
    missing = differences(line.driver, line.vendor, ["wechat_messages"])
    assert missing == [f"wechat_messages ('{identifier}',): missing"]
    assert line.driver.one(OPEN) == 0
    ((known, original),) = letters(line)
    assert known == (None if at_front else identifier)
    assert len(original) < 20_000
    assert json.loads(original)


def test_a_row_that_is_no_longer_too_large_is_read(line):
    identifier = padded(line, 250, 9 * MIB)
    line.driver.backfill("3d", ["wechat_messages"])
    padded(line, 250, 10)
    line.go_to(START + timedelta(hours=1))
    line.driver.backfill("3d", ["wechat_messages"], again=True)
    assert differences(line.driver, line.vendor, ["wechat_messages"]) == []
    assert line.driver.one("select count(*) from wp.wechat_messages where id = %s", identifier) == 1
