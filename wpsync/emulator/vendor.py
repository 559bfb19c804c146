"""The vendor's endpoints over a world: what a request body gets for an answer."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from wpsync.emulator.people import vendor_id
from wpsync.emulator.rows import Object
from wpsync.emulator.world import Kind, Row, World, date_of, encoded

SHANGHAI = timezone(timedelta(hours=8))
_DAY = 86_400
_EIGHT = 8 * 3600


class Refusal(Exception):  # noqa: N818 - an answer, not an error of the emulator
    """`code` 0, with the vendor's statusCode where it has one."""

    def __init__(self, status_code: int | None, message: str = "") -> None:
        super().__init__(message)
        self.status_code = status_code
        self.message = message


@dataclass(slots=True)
class Rules:
    """What the document leaves open, or a test wants otherwise. Changed at run time.

    `ends`: inclusive, exclusive_end, exclusive_start or exclusive. `order`: newest or oldest first.
    `sessions`: one (a login kills the tokens before it) or many. `broken`: the ids of rows, rooms and
    agents that the vendor stumbles over: an answer that would hold one (of a room: its members) is
    `broken_status` (500: HTTP's). `chat_time`: whether start and end of the chats' request mean a chat's creation
    (`created`) or its last message (`active`). `default_span`: so many seconds up to now are served where a request
    names no span at all (0: everything).
    """

    ends: str = "inclusive"
    order: str = "newest"
    sessions: str = "many"
    reject_msg: str = "accessToken无效或已过期"
    client_id: str = "0f30a37f1adca729"
    client_secret: str = "af9cb1d2acf88264ab8477e3b8b34353"  # the document's own sample
    access_seconds: int = 7200
    refresh_days: float = 30
    ip_listed: bool = True
    configured: bool = True
    span_limit: int = 0
    span_mode: str = "4018"
    row_limit: int = 0
    row_limit_is_silent: bool = False
    page_size_clamp: int = 0
    page_refused: int = 0
    ignore_page: bool = False
    page_drift: int = 0
    requests_per_minute: int = 0
    rate_mode: str = "429"
    broken: Sequence[str] = ()
    broken_status: int = 4016
    chat_time: str = "created"
    default_span: int = 0


@dataclass(slots=True)
class Session:
    """One token pair."""

    access: str
    refresh: str
    access_until: float
    refresh_until: float


class Desk:
    """Tokens: who may ask."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.sessions: list[Session] = []
        self.logins = 0
        self.renewals = 0

    def log_in(self, body: Object, now: float) -> Object:
        rules = self.rules
        if (
            body.get("clientId") != rules.client_id
            or body.get("clientSecret") != rules.client_secret
        ):
            raise Refusal(None, "clientId或clientSecret错误")
        if rules.sessions == "one":
            self.sessions.clear()
        fresh = Session(
            secrets.token_hex(16).upper(),
            secrets.token_hex(16).upper(),
            now + rules.access_seconds,
            now + rules.refresh_days * _DAY,
        )
        self.sessions.append(fresh)
        self.logins += 1
        return {"accessToken": fresh.access, "refreshToken": fresh.refresh}

    def renew(self, refresh: str, now: float) -> Object:
        for session in self.sessions:
            if session.refresh == refresh and now < session.refresh_until:
                if now >= session.access_until:
                    session.access = secrets.token_hex(16).upper()
                session.access_until = now + self.rules.access_seconds
                self.renewals += 1
                return {"accessToken": session.access}
        raise Refusal(None, "refreshToken无效或已过期")

    def admit(self, access: str, now: float) -> None:
        if not any(s.access == access and now < s.access_until for s in self.sessions):
            raise Refusal(None, self.rules.reject_msg)

    def revoke(self, *, access: bool, refresh: bool) -> None:
        for session in self.sessions:
            if access:
                session.access_until = 0
            if refresh:
                session.refresh_until = 0


class Vendor:
    """Answers requests: `data` as encoded JSON, or a Refusal."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.world = world
        self.rules = rules
        self.desk = Desk(rules)
        self.last_rows = 0
        self.last_count: int | None = None
        self._answers: dict[str, Callable[[Object], bytes]] = {
            "/api/crm/customerTmp": lambda body: encoded({"fieldMap": self.world.fields}),
            "/api/crm/addCustomer": self._add_customer,
            "/api/crm/delCustomer": self._delete_customer,
            "/api/crm/uptCustomer": self._update_customer,
            "/api/crm/callPhone": lambda body: self._act(
                "callPhone", body, "callPhone", "userPhone"
            ),
            "/api/crm/autoAddWx": lambda body: self._act("autoAddWx", body, "phone", "userPhone"),
            "/api/crm/getUsers": lambda body: encoded(
                {"list": [entry.vendor for entry in self.world.listings["agents"].values()]}
            ),
            "/api/device/call": lambda body: self._series("calls", body, 500, None),
            "/api/device/sms": lambda body: self._series("sms", body, 500, None),
            "/api/report/callReport": self._call_report,
            "/api/report/callDetail": self._call_detail,
            "/api/wechat/queryWeChatUserByPage": lambda body: self._listing("wechat_users", body),
            "/api/wechat/getWeContactByPage": lambda body: self._listing("wechat_contacts", body),
            "/api/wechat/getWeChatRoomByPage": lambda body: self._listing("wechat_rooms", body),
            "/api/wechat/getWeChatRoomMemberByPage": self._members,
            "/api/wechat/getWeChatByPage": lambda body: self._series(
                "wechat_chats", body, 100, 500
            ),
            "/api/wechat/getWeMessageByPage": lambda body: self._series(
                "wechat_messages", body, 100, 500
            ),
        }

    def knows(self, path: str) -> bool:
        return path in self._answers

    def answer(self, path: str, body: Object) -> bytes:
        """The whole envelope of a successful answer."""
        if not self.rules.ip_listed:
            raise Refusal(4008, "IP不在白名单")
        if not self.rules.configured:
            raise Refusal(4009, "未配置接口权限")
        self.last_rows, self.last_count = 0, None
        data = self._answers[path](body)
        message = {"addCustomer": "增加成功", "delCustomer": "删除成功", "uptCustomer": "修改成功"}
        said = message.get(path.rsplit("/", 1)[1], "ok" if "/wechat/" in path else "")
        return b'{"code":1,"msg":"%s","data":%s}' % (said.encode(), data)

    # -- listings --------------------------------------------------------------------------------------

    def _listing(self, name: str, body: Object, entries: list[Object] | None = None) -> bytes:
        if entries is None:
            entries = [entry.vendor for entry in self.world.listings[name].values()]
        page, size = self._page(body, 100, 500)
        self.last_count = len(entries)
        chosen = entries[(page - 1) * size : page * size]
        if name != "wechat_rooms":  # a broken room can be listed, but its members cannot
            self._stumble(one.get("id") for one in chosen)
        self.last_rows = len(chosen)
        return _list(len(entries), [encoded(one) for one in chosen])

    def _members(self, body: Object) -> bytes:
        room = body.get("chatRoomId")
        if not room:
            raise Refusal(4005, "参数错误")
        self._stumble([room])
        found = self.world.listings["wechat_room_members"].values()
        return self._listing("", body, [e.vendor for e in found if e.truth["room_id"] == room])

    def _page(self, body: Object, most: int, pages: int | None) -> tuple[int, int]:
        rules = self.rules
        page, size = _number(body.get("page")), _number(body.get("pageSize"))
        if page < 1 or size < 1 or size > most or (pages is not None and page > pages):
            raise Refusal(4005, "参数错误")
        if rules.page_refused and page > rules.page_refused:
            raise Refusal(None, "页码超出范围")
        if rules.page_size_clamp:
            size = min(size, rules.page_size_clamp)
        return (1 if rules.ignore_page else page), size

    # -- rows in time ------------------------------------------------------------------------------------

    def _series(self, kind: Kind, body: Object, most: int, pages: int | None) -> bytes:
        page, size = self._page(body, most, pages)
        series = self.world.series[kind]
        if kind == "wechat_chats" and self.rules.chat_time == "active":
            series = self.world.chats_by_activity()
        lo, hi = series.between(*self._span(body))
        wanted = _filters(kind, body)
        chosen: list[Row]
        offset = (page - 1) * size
        if wanted is None:
            count = hi - lo
            if self.rules.order == "newest":
                top = hi - offset
                chosen = series.rows[max(lo, top - size) : max(lo, top)][::-1]
            else:
                chosen = series.rows[lo + offset : min(hi, lo + offset + size)]
        else:
            matching = [row for row in series.rows[lo:hi] if wanted(row)]
            if self.rules.order == "newest":
                matching.reverse()
            count = len(matching)
            chosen = matching[offset : offset + size]
        if self.rules.row_limit and count > self.rules.row_limit:
            silent = self.rules.row_limit_is_silent
            raise Refusal(None, "") if silent else Refusal(4019, "查询数据量过大")
        self._stumble(row.id for row in chosen)
        self.last_rows, self.last_count = len(chosen), count
        answer = _list(count, [row.encode() for row in chosen])
        if self.rules.page_drift and kind == "wechat_messages":
            # Rows arrive at the head of the window while its pages are read.
            start, end = self._span(body)
            if start is not None and end is not None:
                self.world.generate(kind, self.rules.page_drift, max(start, end - 60), end)
        return answer

    def _stumble(self, served: Iterable[object]) -> None:
        """What cannot be encoded takes everything with it that would have come in the same answer."""
        if self.rules.broken and not set(self.rules.broken).isdisjoint(served):
            raise Refusal(self.rules.broken_status, "系统异常")

    def _span(self, body: Object) -> tuple[int | None, int | None]:
        """First and last second served, both included."""
        start, end = _time(body.get("start")), _time(body.get("end"))
        rules = self.rules
        if start is None and end is None and rules.default_span:
            end = int(self.world.now)
            start = end - rules.default_span
        if rules.span_limit and (start is None or end is None or end - start > rules.span_limit):
            if rules.span_mode == "4018":
                raise Refusal(4018, "查询时间跨度过大")
            if start is not None:
                end = (
                    start + rules.span_limit if end is None else min(end, start + rules.span_limit)
                )
        if start is not None and rules.ends in ("exclusive", "exclusive_start"):
            start += 1
        if end is not None and rules.ends in ("exclusive", "exclusive_end"):
            end -= 1
        return start, end

    # -- actions and reports -------------------------------------------------------------------------------

    def _add_customer(self, body: Object) -> bytes:
        if not body.get("name") or not body.get("phone"):
            raise Refusal(4005, "name和phone必填")
        identifier = vendor_id("customer", len(self.world.actions), self.world.seed)
        other = {k: v for k, v in body.items() if k not in ("name", "phone")}
        self.world.actions.append({"action": "addCustomer", **body})
        self.world.customers[identifier] = {
            "id": identifier, "name": body["name"], "phone": body["phone"], "fields": other
        }  # fmt: skip
        return encoded({"id": identifier})

    def _customer(self, body: Object) -> Object:
        found = self.world.customers.get(str(body.get("id")))
        if found is None:
            raise Refusal(4005, "客户不存在")
        return found

    def _delete_customer(self, body: Object) -> bytes:
        self._customer(body)
        self.world.actions.append({"action": "delCustomer", **body})
        del self.world.customers[str(body["id"])]
        return b"{}"

    def _update_customer(self, body: Object) -> bytes:
        found = self._customer(body)
        self.world.actions.append({"action": "uptCustomer", **body})
        for key, value in body.items():
            if key in ("name", "phone"):
                found[key] = value
            elif key != "id":
                fields = found["fields"]
                assert isinstance(fields, dict)
                fields[key] = value
        return b"{}"

    def _act(self, action: str, body: Object, *needed: str) -> bytes:
        if not all(body.get(name) for name in needed):
            raise Refusal(4005, "参数错误")
        held = {phone.number for phone in self.world.people.phones}
        held |= {agent.phone for agent in self.world.people.agents}
        if body["userPhone"] not in held:
            raise Refusal(4004, "座席不存在")
        self.world.actions.append({"action": action, **body})
        return b"{}"

    def _agent(self, body: Object) -> str:
        identifier = str(body.get("agentId") or "")
        if identifier not in self.world.listings["agents"]:
            raise Refusal(4004, "座席不存在")
        self._stumble([identifier])
        return identifier

    def _call_report(self, body: Object) -> bytes:
        days = self.world.days_of(self._agent(body))
        today = (int(self.world.now) + _EIGHT) // _DAY
        names = {"today": 1, "late7": 7, "late30": 30}
        return encoded({
            name: sum(sum(days.get(day, [0, 0])[:2]) for day in range(today - n + 1, today + 1))
            for name, n in names.items()
        })  # fmt: skip

    def _call_detail(self, body: Object) -> bytes:
        days = self.world.days_of(self._agent(body))
        span = {"today": 1, "late7": 7, "late30": 30}.get(str(body.get("timeSet") or "today"))
        if span is None:
            raise Refusal(4005, "timeSet错误")
        today = (int(self.world.now) + _EIGHT) // _DAY
        numbers = range(today - span + 1, today + 1)
        totals = [sum(days.get(day, [0] * 6)[i] for day in numbers) for i in range(6)]
        listed = [
            {"date": str(date_of(day)), "in": counts[0], "out": counts[1], "inDuration": counts[2], "outDuration": counts[3]}
            for day in numbers
            for counts in [days.get(day, [0] * 6)]
        ]  # fmt: skip
        return encoded({
            "in": totals[0], "out": totals[1], "inConnect": totals[4], "outConnect": totals[5],
            "inDuration": totals[2], "outDuration": totals[3],
            "timeframe": f"{date_of(numbers[0])} ~ {date_of(today)}", "list": None if span == 1 else listed,
        })  # fmt: skip


def _list(count: int, rows: list[bytes]) -> bytes:
    return b'{"count":%d,"list":[%s]}' % (count, b",".join(rows))


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isdigit() else 0


def _time(value: object) -> int | None:
    if value in (None, ""):
        return None
    try:
        parsed = datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Refusal(4017, "时间格式错误") from None
    return int(parsed.timestamp())


_FILTERS: dict[str, Callable[[Row, str], bool]] = {
    "chatId": lambda row, value: getattr(row.owner, "id", None) == value,
    "wxNo": lambda row, value: row.phone.wx_no == value,
    "imei": lambda row, value: row.phone.imei == value,
    "imeiOrName": lambda row, value: value in (row.phone.imei, row.phone.agent.name),
    "localTel": lambda row, value: row.phone.number == value,
    "contactTel": lambda row, value: row.made()[0].get("contactTel") == value,
    "callType": lambda row, value: row.made()[0].get("callType") == value,
    "smsType": lambda row, value: row.made()[0].get("smsType") == value,
}
_OFFERED: dict[str, tuple[str, ...]] = {
    "calls": ("imeiOrName", "localTel", "contactTel", "callType"),
    "sms": ("imeiOrName", "localTel", "contactTel", "smsType"),
    "wechat_chats": ("imei",),
    "wechat_messages": ("chatId", "wxNo", "imei"),
}


def _filters(kind: Kind, body: Object) -> Callable[[Row], bool] | None:
    given = [(_FILTERS[name], str(body[name])) for name in _OFFERED[kind] if body.get(name)]
    if not given:
        return None
    return lambda row: all(test(row, value) for test, value in given)
