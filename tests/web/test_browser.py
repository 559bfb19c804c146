"""The page in a real browser: both languages, both themes, a phone, and a gap that heals before the eyes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.reads_the_day

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found, "no Chromium here: install Debian's package chromium, or Google Chrome"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield opened
        opened.close()


@contextmanager
def visiting(browser: Browser, url: str, width=1280, **how) -> Iterator[Page]:
    """A visit during which nothing may be complained about, and nothing asked of anybody else."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 850}, **how)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def only_ours(route):
        if route.request.url.startswith(url):
            route.continue_()
        else:
            complaints.append(f"asked {route.request.url}")
            route.abort()

    context.route("**/*", only_ours)
    page.goto(url)
    yield page
    context.close()
    assert complaints == []


def test_both_languages_and_both_themes(browser, site):
    colours = set()
    for locale, title in (
        ("zh-CN", "数据齐全，且是最新的"),
        ("en-US", "Everything is there, and current"),
    ):
        for theme in ("light", "dark"):
            with visiting(browser, site.url, locale=locale, color_scheme=theme) as page:
                expect(page.locator("h1")).to_have_text(title)
                expect(page.locator(".uplot")).to_have_count(3)
                colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_the_switches_work_and_are_remembered(browser, site):
    with visiting(browser, site.url, locale="zh-CN", color_scheme="light") as page:
        page.get_by_role("link", name="English").click()
        expect(page.locator("h2").first).to_have_text("Completeness")
        page.get_by_role("link", name="Dark").click()
        page.goto(site.url)
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_nothing_is_broken_on_a_phone(browser, site):
    with visiting(browser, site.url, width=390, locale="zh-CN") as page:
        expect(page.locator(".uplot")).to_have_count(3)
        wide = page.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1"
            " && !e.closest('.skip, thead, .uplot, .months')).map(e => e.outerHTML.slice(0, 80))"
        )
        assert wide == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_gap_turns_from_red_to_green_while_it_is_repaired(browser, site):
    day = site.driver.query(
        "select starts_at, to_char(starts_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD') from wpsync.windows"
        " where resource = 'wechat_messages' and state = 'complete' order by starts_at offset 1 limit 1"
    )[0]
    with psycopg.connect(site.driver.database_url) as connection:
        connection.execute(
            "update wpsync.windows set state = 'incomplete', reason = 'rows_missing', retry_at = now()"
            " where resource = 'wechat_messages' and starts_at = %s",
            (day[0],),
        )
        connection.execute(
            "delete from wp.wechat_messages where id = (select id from wp.wechat_messages"
            " where sent_at >= %s order by sent_at limit 1)",
            (day[0],),
        )
    with visiting(browser, site.url, locale="zh-CN") as page:
        cell = page.locator(f'[data-day="main/wechat_messages/{day[1]}"]')
        expect(cell).to_have_class("day incomplete")
        expect(page.locator("h1")).to_have_text("数据是最新的，但还不完整")
        cell.click()
        expect(page.locator("#day [title=rows_missing]")).to_have_text("厂商的总数多于实际返回")
        site.driver.sync(["wechat_messages"])
        expect(cell).to_have_class("day complete", timeout=20_000)
        expect(page.locator("h1")).to_have_text("数据齐全，且是最新的")
        expect(page.locator("#day")).to_contain_text("完整")
        expect(page.locator("#day [title=rows_missing]")).to_have_count(0)


def test_the_calendar_is_walked_by_keys(browser, site):
    with visiting(browser, site.url, locale="en-US") as page:
        last = page.locator('[data-day^="main/calls/"]').last
        last.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(page.locator("#day h3")).to_contain_text("Calls")
        page.locator(".close").click()
        expect(page.locator("#day .panel")).to_have_count(0)
