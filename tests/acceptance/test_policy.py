"""Another policy is given to a session, and everything that works for it obeys; nothing is patched."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.acceptance.driving import START, Timeline
from wpsync.alerts.notices import Notice
from wpsync.alerts.watch import Watch
from wpsync.daemon.service import working
from wpsync.policy import DEFAULT, Distrust, Incidents, Jobs, Ladder, WindowRetries
from wpsync.resources import RESOURCES
from wpsync.sync.passes import sync
from wpsync.sync.progress import Silence

CONTACTS, SMS = "/api/wechat/getWeContactByPage", "/api/device/sms"
SECOND = timedelta(seconds=1)


@pytest.fixture
def line(emulator, database_url, tmp_path):
    return Timeline(emulator, database_url, tmp_path, messages=200, days=2)


def read(line, policy, name):
    with line.session(policy) as opened, opened.accounts() as accounts:
        (outcome,) = sync(accounts[0], [RESOURCES[name]], Silence())
    return outcome.outcome


def test_a_window_is_read_as_often_and_again_when_the_policy_says(line):
    line.remote.fault("wrong_count", endpoint=SMS, missing=True)
    requests = []
    for readings in (1, 3):
        policy = replace(DEFAULT, windows=WindowRetries(readings, Ladder((), 30 * SECOND)))
        before = line.last()
        assert read(line, policy, "sms") == "incomplete"
        requests.append(len(line.requests(before, SMS)))
        waits = line.driver.query("select distinct retry_at - read_at from wpsync.windows")
        assert waits == [(30 * SECOND,)]
        line.go_to(line.clock.now() + 31 * SECOND)
    assert requests[0] < requests[1]


def test_a_listing_is_believed_to_be_empty_when_the_policy_says(line):
    policy = replace(
        DEFAULT,
        distrust=Distrust(listing_readings=2, listing_readings_everywhere=2, listing_apart=SECOND),
    )
    assert read(line, policy, "wechat_contacts") == "done"
    line.remote.fault("empty_page", endpoint=CONTACTS, count=0)
    seen = []
    for _ in range(2):
        line.go_to(line.clock.now() + 2 * SECOND)
        seen.append(read(line, policy, "wechat_contacts"))
    assert seen == ["incomplete", "done"]


def test_jobs_and_alerts_follow_the_policy_too(line):
    policy = replace(
        DEFAULT,
        jobs=Jobs(recheck_every=7 * SECOND, deadline=9 * SECOND),
        incidents=Incidents(away=5 * SECOND),
    )
    sent: list[Notice] = []

    def send(message):
        sent.append(message)
        return []

    with line.session(policy) as opened:
        watch = Watch(opened.config, send, opened.policy.incidents)
        with working(opened, watch) as jobs:
            assert {job.deadline for job in jobs} == {9 * SECOND}
            rechecks = {job.every for job in jobs if job.key.job.endswith("recheck")}
            assert rechecks == {7 * SECOND}
        for seconds, count in ((0, 0), (4, 0), (5, 1)):
            watch.away(START + seconds * SECOND, "host-a")
            assert len(sent) == count
