"""What machines ask: is the process alive, can it work, is the data current, and in numbers.

`/livez`: the process answers. `/readyz`: the database does too. `/healthz`: nothing has fallen behind;
503 as soon as something has. `/metrics`: for Prometheus. `/api/...`: what the page shows, as JSON.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from wpsync.daemon.metrics import CONTENT_TYPE, Metrics
from wpsync.daemon.service import Service
from wpsync.errors import DatabaseUnavailableError
from wpsync.web.security import KNOWN

_AWAY = "the database does not answer\n"
_HANGS = "the database takes no writes: commits hang\n"


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


def away(request: Request, error: Exception) -> Response:
    """Answer for a route that needs the database, which is away: JSON where JSON was asked for."""
    if request.url.path.startswith("/api/"):
        return Json({"error": _AWAY.strip()}, 503)
    return PlainTextResponse(_AWAY, 503)


def _behind(names: Sequence[str], request: Request) -> str:
    """Name the resources that are behind, to those who may know it."""
    return f"behind: {', '.join(names)}\n" if request.scope.get(KNOWN) else "behind\n"


class Endpoints:
    """The routes for machines."""

    def __init__(self, service: Service, metrics: Metrics) -> None:
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

    async def live(self, request: Request) -> Response:
        """Answer in the loop itself: no thread of those that wait for the database is needed."""
        return PlainTextResponse("alive\n")

    def ready(self, request: Request) -> Response:
        try:
            answers = self._service.monitor.behind().is_current
        except DatabaseUnavailableError:
            answers = False
        if not answers:
            return PlainTextResponse(_AWAY, 503)
        if self._service.commits_hang:
            return PlainTextResponse(_HANGS, 503)
        return PlainTextResponse(f"{self._service.role}\n")

    def healthy(self, request: Request) -> Response:
        try:
            answer = self._service.monitor.behind()
        except DatabaseUnavailableError:
            return PlainTextResponse(_AWAY, 503)
        if self._service.commits_hang:
            return PlainTextResponse(_HANGS, 503)
        names = sorted({one.resource for one in answer.value})
        said = _behind(names, request) if names else "current\n"
        if not answer.is_current:
            return PlainTextResponse(f"{_AWAY}as of {answer.at.isoformat()}: {said}", 503)
        return PlainTextResponse(said, 503 if names else 200)

    def numbers(self, request: Request) -> Response:
        return Response(self._metrics.text(), media_type=CONTENT_TYPE)

    def status(self, request: Request) -> Response:
        found = self._service.monitor.snapshot().status
        return Json(asdict(found), 200 if found.is_current else 503)

    def calendar(self, request: Request) -> Response:
        found = self._service.monitor.snapshot()
        return Json([asdict(one) for one in found.days], 200 if found.status.is_current else 503)

    def activity(self, request: Request) -> Response:
        found = self._service.monitor.activity()
        return Json(asdict(found.value), 200 if found.is_current else 503)
