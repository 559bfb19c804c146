"""What machines ask: is the process alive, can it work, is the data current, and in numbers.

`/livez`: the process answers. `/readyz`: the database does too. `/healthz`: nothing has fallen behind;
503 as soon as something has. `/metrics`: for Prometheus. `/api/...`: what the page shows, as JSON.
"""

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from wpsync.daemon.metrics import CONTENT_TYPE, Metrics
from wpsync.daemon.service import Service
from wpsync.errors import DatabaseUnavailableError
from wpsync.status import calendar, freshness
from wpsync.status import resources as resource_status
from wpsync.status import service as service_status
from wpsync.status.snapshot import WEEKS
from wpsync.sync.session import Session

_AWAY = "the database does not answer\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


class Json(Response):
    """A dataclass, or a list of them, as JSON."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return json.dumps(content, default=_plain, ensure_ascii=False).encode()


class Endpoints:
    """The routes for machines."""

    def __init__(self, session: Session, service: Service, metrics: Metrics) -> None:
        self._session = session
        self._service = service
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """By their paths."""
        return [
            Route("/livez", self.live),
            Route("/readyz", self.ready),
            Route("/healthz", self.healthy),
            Route("/metrics", self.numbers),
            Route("/api/status", self.status),
            Route("/api/calendar", self.calendar),
            Route("/api/activity", self.activity),
        ]

    def live(self, request: Request) -> Response:
        return PlainTextResponse("alive\n")

    def ready(self, request: Request) -> Response:
        try:
            self._session.database.now()
        except DatabaseUnavailableError:
            return PlainTextResponse(_AWAY, 503)
        return PlainTextResponse(f"{self._service.role}\n")

    def healthy(self, request: Request) -> Response:
        session = self._session
        try:
            late = freshness.behind(session.database, session.config, session.clock.now())
        except DatabaseUnavailableError:
            return PlainTextResponse(_AWAY, 503)
        if late:
            names = sorted({one.resource for one in late})
            return PlainTextResponse(f"behind: {', '.join(names)}\n", 503)
        return PlainTextResponse("current\n")

    def numbers(self, request: Request) -> Response:
        return Response(self._metrics.text(), media_type=CONTENT_TYPE)

    def status(self, request: Request) -> Response:
        session = self._session
        found = resource_status.read(session.database, session.config, session.clock.now())
        return Json(asdict(found))

    def calendar(self, request: Request) -> Response:
        session = self._session
        accounts = list(session.config.accounts)
        found = calendar.read(session.database, session.clock.now(), accounts, weeks=WEEKS)
        return Json([asdict(one) for one in found])

    def activity(self, request: Request) -> Response:
        session = self._session
        return Json(asdict(service_status.activity(session.database, session.clock.now())))
