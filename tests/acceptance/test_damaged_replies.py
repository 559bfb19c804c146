"""Whatever the bytes of one row are, its neighbours come, and the row is kept as it was sent."""

import json
import resource
import signal
import subprocess
import time
from base64 import b64encode

import pytest

from tests.acceptance.driving import CLIENT, Driver, Timeline, differences
from wpsync.emulator.client import Remote

CONTACTS = "/api/wechat/getWeContactByPage"
NESTED = b"[" * 10_000 + b"]" * 10_000


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=300, days=2)


HOSTILE = {
    "nested lists": lambda row: row[:-1] + b',"x":' + NESTED + b"}",
    "nested objects": lambda row: row[:-1] + b',"x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
    "nested without end": lambda row: row[:-1] + b',"x":' + b"[" * 100_000 + b"}",
    "a million digits": lambda row: row[:-1] + b',"x":' + b"7" * 1_000_000 + b"}",
    "a million negative digits": lambda row: row[:-1] + b',"x":-' + b"7" * 1_000_000 + b"}",
    "five thousand digits": lambda row: row[:-1] + b',"x":[' + b"7" * 5_000 + b"]}",
    "digits for a time": lambda row: row.replace(b'"ts":', b'"ts":' + b"9" * 6_000),
    "a cut character in an id": lambda row: row.replace(b'"id":"', b'"id":"\xe7\x8e'),
    "a cut character in a code": lambda row: row.replace(b'"msgType":"', b'"msgType":"\xe7\x8e'),
    "a cut character in a chat's id": lambda row: row.replace(b'"chatId":"', b'"chatId":"\xe7\x8e'),
    "a cut character in a name": lambda row: row.replace(b'"chatId"', b'"chat\xe7\x8eId"'),
    "no UTF-8 at all": lambda row: b"\xff\xfe\xfd" * 100,
    "an open text": lambda row: row[:-1] + b',"x":"open}',
    "an open text before others": lambda row: row.replace(b'"chatId":"', b'"chatId":"a"b'),
    "a text within a text": lambda row: row.replace(b'"chatId":"', b'"chatId":"a"b"c'),
    "an open list": lambda row: row[:-1] + b',"x":[1,2}',
    "an open object": lambda row: row[:-1] + b',"x":{"y":1}',
    "no end": lambda row: row[:-1],
    "half of it": lambda row: row[: len(row) // 2],
    "too many ends": lambda row: row + b"}]}",
    "no value": lambda row: row[:-1] + b',"x":}',
    "no name": lambda row: row[:-1] + b",:1}",
    "no comma": lambda row: row.replace(b'","', b'""', 1),
    "a comma too many": lambda row: row[:-1] + b",}",
    "a bad escape": lambda row: row[:-1] + b',"x":"\\q"}',
    "half an escape": lambda row: row[:-1] + b',"x":"\\u12"}',
    "a bare word": lambda row: b"undefined",
    "a leading zero": lambda row: row[:-1] + b',"x":007}',
    "another language": lambda row: b"<row><id>7</id></row>",
    "a comment": lambda row: row[:-1] + b'/* "x" */}',
}


def spoil(line, how):
    """Let rows, far from each other, be sent so; return the bytes that are sent of each, by its id."""
    rows = line.vendor.world.series["wechat_messages"].rows
    apart = len(rows) // len(how)
    sent = {}
    for number, spoils in enumerate(how):
        row = rows[number * apart + apart // 2]
        sent[row.id] = spoils(row.encode())
        line.remote.mutate("wechat_messages", row.id, sent=b64encode(sent[row.id]).decode())
    return sent


def letters(driver):
    """The bytes of each dead letter."""
    found = driver.query("select original from wpsync.dead_letters where reason = 'broken_record'")
    return {json.loads(row[0])["_bytes"].encode("utf-8", "surrogateescape") for row in found}


def ids(driver):
    return {row[0] for row in driver.query("select id from wp.wechat_messages")}


OPEN = "select count(*) from wpsync.windows where state <> 'complete'"


def bombed(emulator, database_url, tmp_path, times, size):
    """A history with a hostile row on every page, read once in a process of its own; its driver and memory."""
    line = Timeline(emulator, database_url, tmp_path, messages=size * len(HOSTILE) * times, days=4)
    sent = spoil(line, [*HOSTILE.values()] * times)
    (outcome,) = line.driver.backfill("5d", ["wechat_messages"])
    assert outcome.outcome == "done", outcome.problems
    everything = {row.id for row in line.vendor.world.series["wechat_messages"].rows}
    assert everything - ids(line.driver) == sent.keys()
    # A record that breaks off after a comma reads as the list's comma.
    assert letters(line.driver) == {whole.rstrip(b",") for whole in sent.values()}
    assert not line.driver.one(OPEN)
    return line


def test_a_hostile_row_on_each_page_leaves_all_others_and_is_kept_with_its_bytes(
    emulator, database_url, tmp_path
):
    line = bombed(emulator, database_url, tmp_path, 1, 20)
    before = line.last()
    line.driver.sync(["wechat_messages"])
    assert len(line.requests(before)) < 60  # what was found broken is not asked for again and again


def test_bytes_that_are_broken_once_are_asked_for_again(line):
    for field in ("", "id", "msgType"):
        line.remote.fault("bad_bytes", times=2, skip=1, field=field)
    line.remote.fault("bad_bytes", endpoint=CONTACTS, rate=0.3)
    for outcome in line.driver.backfill("3d", ["wechat_messages", "wechat_contacts", "calls"]):
        assert outcome.is_good
    assert not differences(line.driver, line.vendor, ["wechat_messages", "wechat_contacts"])
    assert not line.driver.one("select count(*) from wpsync.dead_letters")


def test_a_text_that_stays_broken_is_loaded_with_its_bytes_beside_it(line):
    rows = line.vendor.world.series["calls"].rows
    sent = rows[len(rows) // 2].encode()
    mark = sent.index(b'"uName":"') + len(b'"uName":"')
    spoilt = b64encode(sent[:mark] + b"\xe7\x8e" + sent[mark:]).decode()
    line.remote.mutate("calls", rows[len(rows) // 2].id, sent=spoilt)
    (outcome,) = line.driver.backfill("3d", ["calls"])
    assert outcome.is_good
    query = (
        "select id, agent_name, _extra ->> '_raw.uName' from wp.calls where agent_name ~ '\ufffd'"
    )
    ((identifier, name, raw),) = line.driver.query(query)
    assert identifier == rows[len(rows) // 2].id
    assert name.startswith("\ufffd")
    assert json.loads(raw).encode("utf-8", "surrogateescape").startswith(b"\xe7\x8e")
    assert line.driver.one("select count(*) from wp.calls") == len(rows)
    assert not line.driver.one(OPEN)


def test_a_reply_in_the_encoding_that_it_declares_is_read_and_one_that_declares_none_is_no_reply(
    line,
):
    line.remote.fault("gbk", declared=True)
    (outcome,) = line.driver.sync(["wechat_contacts"])
    assert outcome.is_good
    assert not differences(line.driver, line.vendor, ["wechat_contacts"])
    line.remote.clear_faults()
    line.remote.fault("gbk")
    (outcome,) = line.driver.sync(["wechat_contacts"])
    assert outcome.problems
    assert not differences(line.driver, line.vendor, ["wechat_contacts"])
    line.remote.clear_faults()
    (outcome,) = line.driver.sync(["wechat_contacts"])
    assert outcome.is_good
    assert not differences(line.driver, line.vendor, ["wechat_contacts"])


@pytest.mark.parametrize("in_head", [True, pytest.param(False, marks=pytest.mark.long)])
def test_a_reply_of_a_byte_a_second_ends_at_its_deadline_and_at_once_when_asked_to_stop(
    emulator, database_url, tmp_path, in_head
):
    vendor = emulator(messages=50, days=1)
    remote = Remote(vendor.url)
    driver = Driver(database_url, vendor.url, tmp_path)
    driver.secret += '"\ntimeout_seconds = 2.0 #'
    remote.fault("drip", seconds=0.2, head=in_head, times=2)
    began = time.monotonic()
    assert driver.run("backfill", "--from=1d", "--resource=agents").returncode == 0
    assert (
        time.monotonic() - began < 30
    )  # two deadlines of two seconds; the replies would take a minute
    remote.fault("drip", seconds=0.2, head=in_head)
    driver.secret = CLIENT[1]
    process = subprocess.Popen(driver.command("sync"), stderr=subprocess.PIPE)
    asked = remote.stats()["requests"]
    while remote.stats()["requests"] == asked:
        time.sleep(0.05)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 8


@pytest.mark.long
def test_a_thousand_hostile_rows_stay_within_time_and_memory(emulator, database_url, tmp_path):
    bombed(emulator, database_url, tmp_path, 34, 100)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_000_000  # with the emulator
