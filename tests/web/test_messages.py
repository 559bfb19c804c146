"""Every trouble reaches the page, the alerts and the terminal as a text with its remedy, in one language at a time."""

import re
import string
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from html import unescape

import httpx
import psycopg
import pytest

from tests.acceptance.driving import CLIENT, Driver, Timeline
from tests.acceptance.test_alerts import MINUTE, Receiver, ticks
from tests.conftest import fresh
from tests.web.sites import served
from wpsync import messages
from wpsync.cli import status_view
from wpsync.daemon.jobs import perform
from wpsync.daemon.service import watching, working
from wpsync.emulator.server import Emulator
from wpsync.emulator.state import Settings
from wpsync.errors import Message
from wpsync.language import Language, speaking
from wpsync.messages.catalogue import MESSAGES
from wpsync.state import incidents
from wpsync.state.jobs import JobKey
from wpsync.status import snapshot

NOW = datetime(2026, 5, 20, 6, tzinfo=UTC)
REFUSED = Message("vendor.ip_not_allowed", {"endpoint": "/api/device/call"}, "IP 1.2.3.4")
SAMPLES = {
    "resource": "calls",
    "named": "wechat_room_members",
    "jobs": ["calls", "calls recheck", "tokens"],
    "reasons": ["rows_missing", "unreadable"],
    "resources": ["calls", "sms"],
    "list": ["one", "two"],
    "count": 1234,
    "at": NOW,
    "message": REFUSED,
    "messages": [REFUSED, Message("vendor.no_reason", {"endpoint": "/x"})],
}
CHINESE = re.compile(r"[\u3400-\u9fff，；：、。（）“”]")
FOUR_WORDS = re.compile(r"(?:\b[A-Za-z]+[ ,;:]+){3}[A-Za-z]+\b")


def sample(code: str) -> Message:
    """A message of a code, with parameters as its texts want them."""
    entry = MESSAGES[code]
    texts = [entry.text, *([entry.remedy] if entry.remedy else [])]
    fields = {
        name: spec or ""
        for text in texts
        for template in (text.en, text.zh)
        for _, name, spec, _ in string.Formatter().parse(template)
        if name
    }
    return Message(code, {name: SAMPLES.get(spec, name) for name, spec in fields.items()})


def conditions() -> dict[str, Message]:
    """A message for each code of `condition` and `cause`; a cause is told as that of old data."""
    found = {code: sample(code) for code in MESSAGES if code.startswith("condition.")}
    for code in MESSAGES:
        if code.startswith("cause."):
            params = {"resource": "calls", "minutes": 90, "cause": sample(code)}
            found[code] = Message("condition.stale", params)
    return found


def text_of(page: str) -> str:
    """The words of a page, as people read them."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def alone(text: str, language: Language) -> None:
    """One language: what is quoted belongs to others."""
    text = re.sub(r"“[^”]*”|\"[^\"]*\"", "", text)
    wrong = CHINESE if language is Language.EN else FOUR_WORDS
    found = wrong.search(text)
    assert found is None, text[max(0, found.start() - 40) : found.end() + 40]
    assert "{" not in text


@pytest.fixture
def driver(database_url, tmp_path):
    return Driver(database_url, "http://127.0.0.1:9", tmp_path)


@pytest.fixture
def receiver():
    with Receiver().listening() as receiver:
        yield receiver


@pytest.mark.parametrize("language", Language)
def test_every_code_of_conditions_and_causes_is_told_in_one_language(driver, receiver, language):
    driver.head = f'lang = "{language}"\n'
    driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n'
    told = conditions()
    with served(driver) as site:
        database = site.session.database
        with incidents.taken(database) as connection:
            for code, message in told.items():
                incidents.begin(connection, ("stale", "main", code), "warning", message, NOW)
            for one in incidents.unfinished(connection):
                assert one.message.code == told[one.resource].code
                one.opened_at = NOW
                incidents.keep(connection, one)
        assert watching(site.session.config).tick(database, NOW + MINUTE) == []
        page = text_of(httpx.get(site.url, headers={"Accept-Language": str(language)}).text)
        state = httpx.get(f"{site.url}/api/status").json()
    (alert,) = receiver.messages
    lines = alert["message"].splitlines()
    assert alert["language"] == language
    assert {one["resource"] for one in alert["incidents"]} == set(told)
    for one in alert["incidents"]:
        message = told[one["resource"]]
        text, remedy = messages.say(message, language), messages.remedy(message, language)
        assert (one["text"], one["remedy"]) == (text, remedy)
        assert (one["code"], one["params"]) == (message.code, message.stored())
        place = lines.index(f"• [main] {text}")
        if remedy is not None:
            assert lines[place + 1] == f"  → {remedy}"
        assert f"{text} → {remedy}" in page if remedy else text in page, one["resource"]
    alone(alert["title"] + "\n" + alert["message"], language)
    kept = {one["resource"]: one["message"] for one in state["incidents"]}
    assert {name: one["code"] for name, one in kept.items()} == {
        name: one.code for name, one in told.items()
    }


CALLS, LOGIN = "/api/device/call", "/oauth/token/getToken"
STATUS_CODES = {
    4001: "vendor.device_offline",
    4004: "vendor.no_such_agent",
    4005: "vendor.wrong_parameter",
    4006: "vendor.cannot_decrypt",
    4007: "vendor.cannot_encrypt",
    4008: "vendor.ip_not_allowed",
    4009: "vendor.no_api_access",
    4015: "vendor.reply_not_parsed",
    4016: "vendor.reply_not_encoded",
    4017: "vendor.time_format_refused",
    4018: "vendor.span_too_large",
    4019: "vendor.too_many_rows",
    4999: "vendor.refused_with_code",
}
REFUSALS = {
    **{
        code: ("code_0", CALLS, {"statusCode": number, "msg": "不行"})
        for number, code in STATUS_CODES.items()
    },
    "vendor.refused": ("code_0", CALLS, {"msg": "不行"}),
    "vendor.refused_with_new_token": ("code_0", CALLS, {"msg": "token 不行"}),
    "vendor.no_reason": ("code_0", CALLS, {}),
    "vendor.too_fast": ("http_429", CALLS, {}),
    "vendor.field_missing": ("null_data", LOGIN, {}),
    "vendor.server_error": ("http_500", "*", {}),
    "vendor.encrypted_reply": ("not_json", "*", {}),
    "vendor.no_answer": ("cut_body", "*", {}),
    "vendor.credentials_rejected": None,
    "vendor.not_an_envelope": None,
    "vendor.unreachable": None,
}
NOT_MET_BY_JOBS = {
    "vendor.damaged_reply": "tried in unit/test_client.py",
    "vendor.other_encoding": "tried in unit/test_client.py",
    "vendor.reply_too_large": "tried in integration/test_vendor_bounds.py",
    "vendor.nothing_shown": "the window is read again later",
    "vendor.customer_without_id": "of `wpsync api`",
    "vendor.request_impossible": "of the configuration",
    "vendor.insecure_base_url": "of the configuration",
    "vendor.bad_proxy": "tried in acceptance/test_environments.py",
    "vendor.socks_proxy": "tried in acceptance/test_environments.py",
    "vendor.bad_certificates": "tried in acceptance/test_environments.py",
    "vendor.name_unknown": "of the network: needs a name server that does not know the name",
    "vendor.certificate_untrusted": "of the network: needs a server with a certificate",
    "vendor.no_tls": "of the network: needs a server with a certificate",
    "vendor.proxy_refuses": "of the network: needs a proxy",
}


def test_every_refusal_of_the_vendor_is_tried():
    known = {code for code in MESSAGES if code.startswith("vendor.")}
    assert set(REFUSALS) | set(NOT_MET_BY_JOBS) == known


@pytest.fixture(scope="module")
def world(postgres, template, tmp_path_factory):
    """One vendor, database and receiver for all refusals."""
    with (
        ExitStack() as stack,
        contextmanager(fresh)(postgres, template) as url,
        Receiver().listening() as receiver,
    ):

        def emulator(**settings):
            return stack.enter_context(Emulator(Settings(**settings)))

        line = Timeline(emulator, url, tmp_path_factory.mktemp("world"), messages=50, days=1)
        line.driver.more = f'[alerts]\ntargets = ["{receiver.target}"]\n'
        yield line, receiver


@pytest.fixture
def line(world):
    line, receiver = world
    receiver.messages.clear()
    line.remote.clear_faults()
    line.driver.secret, line.driver.vendor_url = CLIENT[1], line.vendor.url
    with psycopg.connect(line.driver.database_url) as connection:
        for table in ("jobs", "incidents", "outages", "tokens", "watermarks"):
            connection.execute(f"delete from wpsync.{table}")
    return line


def refuse(line: Timeline, code: str) -> None:
    """Make the vendor refuse so that a job ends with this code."""
    fault = REFUSALS[code]
    if fault is not None:
        name, endpoint, how = fault
        line.remote.fault(name, endpoint=endpoint, **how)
    elif code == "vendor.credentials_rejected":
        line.driver.secret = "0" * len(CLIENT[1])
    elif code == "vendor.not_an_envelope":
        line.driver.vendor_url += "/elsewhere"
    else:
        line.driver.vendor_url = "http://127.0.0.1:9"


def met(value: object) -> set[str]:
    """The codes in the data of an alert."""
    if isinstance(value, dict):
        own = {value["code"]} if "code" in value else set()
        return own.union(*map(met, value.values())) if value else own
    return set().union(*map(met, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_of_the_vendor_ends_up_with_its_remedy_in_alert_page_and_terminal(
    world, line, capsys, code
):
    _, receiver = world
    refuse(line, code)
    with line.session() as opened:
        watch = watching(opened.config)
        with working(opened, watch) as jobs:
            (calls,) = (job for job in jobs if job.key == JobKey("main", "calls"))
            for _ in range(3):
                assert perform(opened, calls, lambda: False).outcome == "failed"
                line.clock.sleep(60)
        now = line.clock.now()
        for minute in range(20):
            ticks(watch, opened, now + minute * MINUTE, 1)
            if receiver.messages:
                break
    (alert,) = receiver.messages
    if code == "vendor.credentials_rejected":
        code = "condition.credentials"
    known = MESSAGES[code].remedy
    assert known is not None
    advice = {one: known.to(one).format(account="main") for one in Language}
    for trouble in alert["incidents"]:
        assert code in met(trouble)
        assert trouble["remedy"] == advice[Language.EN]
        assert f"{trouble['text']}\n  → {advice[Language.EN]}" in alert["message"]
    with served(line.driver) as site:
        for language in Language:
            page = text_of(httpx.get(site.url, headers={"Accept-Language": str(language)}).text)
            assert f"→ {advice[language]}" in page
            with speaking(language):
                status_view.complain(
                    snapshot.status(site.session.database, site.session.config, NOW)
                )
            assert f"\n  → {advice[language]}\n" in capsys.readouterr().err


def test_a_run_by_hand_that_fails_is_on_the_page_with_its_remedy(line):
    refuse(line, "vendor.ip_not_allowed")
    assert [one.outcome for one in line.driver.sync(["calls"])] == ["failed"]
    advice = MESSAGES["vendor.ip_not_allowed"].remedy
    assert advice is not None
    with served(line.driver) as site:
        for language, heading in ((Language.EN, "Failed runs"), (Language.ZH, "失败的运行")):
            page = text_of(httpx.get(site.url, headers={"Accept-Language": str(language)}).text)
            assert heading in page
            assert f"→ {advice.to(language)}" in page
