"""What is new is in its table soon, however much else there is to be read."""

from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline, differences, local
from wpsync.extract.reading import Reader
from wpsync.model import Priority
from wpsync.resources import RESOURCES
from wpsync.sync import passes
from wpsync.sync.window_sync import Pipeline

MESSAGES = "/api/wechat/getWeMessageByPage"
RESOURCE = RESOURCES["wechat_messages"]
MINUTE = timedelta(minutes=1)
MIDNIGHT = START - timedelta(hours=14)  # in Shanghai


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=20, days=1)


def fill_the_day(line, rows):
    """So many messages since midnight in Shanghai ."""
    line.remote.generate("wechat_messages", rows, local(MIDNIGHT), local(START))


def is_held(line, since):
    """Whether we hold every message of the vendor's since an instant."""
    series = line.vendor.world.series["wechat_messages"].rows
    theirs = {row.id for row in series if row.at >= since.timestamp()}
    ours = {row[0] for row in line.driver.query("select id from wp.wechat_messages")}
    return bool(theirs) and theirs <= ours


def watermark(line):
    return line.driver.one("select at from wpsync.watermarks where resource = 'wechat_messages'")


def test_the_newest_of_a_long_stretch_is_read_first_and_the_rest_is_caught_up_apart(line):
    fill_the_day(line, 3_000)
    begun = line.last()
    with line.driver.account() as account:
        passes.follow(account, RESOURCE)
        assert is_held(line, START - 20 * MINUTE)
        assert len(line.requests(begun, MESSAGES)) <= 10  # not the thirty that the day has
        assert watermark(line) == MIDNIGHT  # a promise: there is a gap

        line.go_to(START + MINUTE)
        line.remote.generate("wechat_messages", 5, local(START), local(START + MINUTE))
        begun = line.last()
        passes.follow(account, RESOURCE)
        assert is_held(line, START)
        assert len(line.requests(begun, MESSAGES)) == 1  # the gap does not make a tick dearer

        begun = line.last()
        outcome = passes.recheck(account, RESOURCE)
    assert outcome is not None
    assert outcome.outcome == "done"
    assert len(line.requests(begun, MESSAGES)) <= 45
    assert watermark(line) == START - MINUTE
    assert is_held(line, MIDNIGHT)


def test_after_an_outage_of_days_the_present_comes_first(line):
    with line.driver.account() as account:
        passes.follow(account, RESOURCE)
        after = START + timedelta(days=3)
        line.go_to(after)
        for hours in range(70):
            at = START + timedelta(hours=hours)
            line.remote.generate("wechat_messages", 40, local(at), local(at + 60 * MINUTE))
        begun = line.last()
        passes.follow(account, RESOURCE)
        assert is_held(line, after - timedelta(hours=3))
        assert watermark(line) < START
        assert len(line.requests(begun, MESSAGES)) <= 15  # a good day's, of three
        passes.recheck(account, RESOURCE)
    assert watermark(line) == after - 2 * MINUTE
    assert is_held(line, MIDNIGHT)
    assert line.driver.query("select distinct state from wpsync.windows") == [("complete",)]


def test_what_comes_while_a_tick_reads_its_pages_is_taken_from_the_first_page(line):
    fill_the_day(line, 450)
    line.driver.more = (
        "[backfill]\npage_concurrency = 1\n"  # in order: else one may be pushed past a page
    )
    line.remote.settings(page_drift=1)  # one more row after every page
    begun = line.last()
    with line.driver.account() as account:
        passes.follow(account, RESOURCE)
    pages = [r["body"]["page"] for r in line.requests(begun, MESSAGES) if r["body"]["pageSize"] > 1]
    assert sorted(pages) == [1, 1, 2, 3, 4, 5]
    assert pages[-1] == 1
    assert line.driver.query("select distinct state from wpsync.windows") == [("complete",)]


def test_a_row_newer_than_the_reading_is_no_sign_of_a_span_cut_in_silence(line):
    fill_the_day(line, 60)
    line.remote.settings(page_drift=1)
    begun = line.last()
    with line.driver.account() as account:
        passes.follow(account, RESOURCE)
    pages = [r for r in line.requests(begun, MESSAGES) if r["body"]["pageSize"] > 1]
    assert len(pages) == 1
    assert len(line.requests(begun, MESSAGES)) <= 2


def test_a_late_row_is_found_within_a_minute_and_costs_a_bisection(line):
    fill_the_day(line, 3_000)
    line.driver.sync(["wechat_messages"])
    line.go_to(START + 3 * MINUTE)
    with line.driver.account() as account:
        passes.follow(account, RESOURCE)
        assert passes.recheck(account, RESOURCE) is not None
        late = START - 200 * MINUTE
        line.remote.generate("wechat_messages", 1, local(late), local(late))
        line.go_to(START + 4 * MINUTE)
        begun = line.last()
        passes.follow(account, RESOURCE)
        assert passes.recheck(account, RESOURCE) is not None
        assert is_held(line, late)
        assert len(line.requests(begun, MESSAGES)) <= 10
        assert passes.recheck(account, RESOURCE) is None  # it is explained and not asked for again
    assert is_held(line, MIDNIGHT)


def test_a_day_that_grows_while_a_late_row_is_looked_for_is_not_read_again(line):
    fill_the_day(line, 3_000)
    line.driver.sync(["wechat_messages"])
    late = START - 200 * MINUTE
    line.remote.generate("wechat_messages", 1, local(late), local(late))
    at = START + 10 * MINUTE
    line.go_to(at)
    begun = line.last()
    with line.driver.account() as account, _run(account) as run:

        class Disturbed(Pipeline):
            """The tick comes between the counts and the reading, as it does in the service."""

            def sync_window(self, request, loader=None):
                line.remote.generate("wechat_messages", 3, local(START), local(at - 5 * MINUTE))
                passes.follow(account, RESOURCE)
                return super().sync_window(request, loader)

        source = account.source(RESOURCE, Priority.PROBE)
        reader = Reader(RESOURCE, source, rows_aim=account.pace.window_rows)
        store = account.store(RESOURCE)
        account.recheck(RESOURCE).probe(Disturbed(RESOURCE, run, reader, store, account.clock))
    assert line.driver.one("select min(checked_at) from wpsync.windows") >= at
    assert len(line.requests(begun, MESSAGES)) <= 12
    assert is_held(line, MIDNIGHT)


def test_rows_to_be_followed_up_wait_for_their_neighbours(line):
    with line.driver.account() as account:
        passes.follow(account, RESOURCE)
        for second in (0, 20, 40):
            at = START + timedelta(seconds=second)
            line.remote.generate(
                "wechat_messages", 1, local(at), local(at), message_kind="transfer"
            )
        for row in line.vendor.world.series["wechat_messages"].rows:
            if row.message_kind is not None:
                line.remote.mutate("wechat_messages", row.id, state=0)
        line.go_to(START + 4 * MINUTE)
        passes.follow(account, RESOURCE)
        passes.recheck(account, RESOURCE)
        begun = line.last()
        for seconds in range(0, 120, 15):
            line.go_to(START + 5 * MINUTE + timedelta(seconds=seconds))
            passes.recheck(account, RESOURCE)
    pages = [r for r in line.requests(begun, MESSAGES) if r["body"]["pageSize"] > 1]
    assert [r["count"] for r in pages] == [3]


def _run(account):
    return account.run(RESOURCE, "recheck")


def test_the_first_sync_follows_on_from_a_backfill_of_the_day_before(line):
    """What came late between the end of a backfill and the midnight after it is found, too."""
    midnight = MIDNIGHT + timedelta(days=1)
    line.go_to(midnight - timedelta(seconds=30))
    line.driver.backfill("3d", ["calls"])
    line.go_to(midnight + timedelta(minutes=5))
    line.driver.sync(["calls"])
    late = local(midnight - timedelta(seconds=60))
    line.remote.generate("calls", 2, late, late)
    line.go_to(midnight + timedelta(minutes=10))
    line.driver.sync(["calls"])
    assert not differences(line.driver, line.vendor, ["calls"])
    covered = "select sum(ends_at - starts_at) = max(ends_at) - min(starts_at) from wpsync.windows"
    assert line.driver.one(covered)
