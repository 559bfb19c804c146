"""The application: the page, its days, its files, and the routes for machines."""

from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from wpsync.daemon.metrics import Metrics
from wpsync.daemon.service import Service
from wpsync.errors import DatabaseUnavailableError
from wpsync.language import Language
from wpsync.resources import RESOURCES
from wpsync.status import calendar, wording
from wpsync.status.monitor import Monitor
from wpsync.sync.session import Session
from wpsync.web import page, security
from wpsync.web.endpoints import Endpoints, away
from wpsync.web.security import Guard

_STATIC = Path(__file__).parent / "static"
_THEMES = ("auto", "light", "dark")
_YEAR = 365 * 86_400


class Page:
    """The status page."""

    def __init__(self, session: Session, monitor: Monitor) -> None:
        self._session = session
        self._monitor = monitor
        self._templates = Environment(
            loader=PackageLoader("wpsync.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def whole(self, request: Request) -> Response:
        """The page; only its changing part where the script asks for it."""
        language = security.language_of(request)
        part = "main.html" if "part" in request.query_params else "page.html"
        chosen_theme = request.query_params.get("theme") or request.cookies.get("theme", "auto")
        theme = chosen_theme if chosen_theme in _THEMES else "auto"
        values: dict[str, Any] = {"language": language, "theme": theme}
        try:
            values |= page.context(self._monitor, language)
            is_current = values["status"].is_current
            if "day" in request.query_params and is_current:
                values |= self._day(request.query_params["day"])
            code = HTTPStatus.OK if is_current else HTTPStatus.SERVICE_UNAVAILABLE
            if "day" in request.query_params and is_current and "day" not in values:
                code = HTTPStatus.NOT_FOUND
        except DatabaseUnavailableError:
            words = wording.Words(language, self._session.clock.now())
            values |= {"w": words, "t": words.t, "now": words.now}
            part, code = (
                part.replace("main", "away_main").replace("page", "away"),
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
        html = self._templates.get_template(part).render(values)
        return _remembering(HTMLResponse(html, code), request)

    def day(self, request: Request) -> Response:
        """One day of one resource, for the panel under the calendar."""
        language = security.language_of(request)
        words = wording.Words(language, self._session.clock.now())
        try:
            values = self._day(request.query_params.get("day", ""))
        except DatabaseUnavailableError:
            return PlainTextResponse(words.t("away"), 503)
        if not values:
            return PlainTextResponse("?day=account/resource/2026-01-31\n", 404)
        return HTMLResponse(
            self._templates.get_template("day.html").render({"w": words, "t": words.t, **values})
        )

    def _day(self, text: str) -> dict[str, Any]:
        """Return the values for `account/resource/day`; none where that is not one of ours."""
        account, _, rest = text.partition("/")
        resource, _, name = rest.partition("/")
        try:
            day = date.fromisoformat(name)
        except ValueError:
            return {}
        if account not in self._session.config.accounts or resource not in RESOURCES:
            return {}
        if not calendar.holds(day):
            return {}
        found = calendar.day(self._session.database.monitoring, account, resource, day)
        return {"selected": text, "day": day, "day_resource": resource, "windows": found}


def _remembering(response: Response, request: Request) -> Response:
    """Keep what was chosen in the address: the language and the theme."""
    for name, allowed in (("lang", tuple(Language)), ("theme", _THEMES)):
        value = request.query_params.get(name)
        if value in allowed:
            response.set_cookie(
                name, str(value), max_age=_YEAR, path="/", httponly=True, samesite="strict"
            )
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def application(session: Session, service: Service, metrics: Metrics) -> Starlette:
    """The application of one instance of the service."""
    settings, shown = session.config.web, Page(session, service.monitor)
    password = session.config.page_password()
    return Starlette(
        routes=[
            Route("/", shown.whole),
            Route("/day", shown.day),
            *Endpoints(service, metrics).routes(),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers={DatabaseUnavailableError: away},
        middleware=[
            Middleware(
                Guard,
                password=password,
                local=settings.is_local,
                clock=session.clock,
                hosts=settings.hosts,
            )
        ],
    )
