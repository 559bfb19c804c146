"""Every endpoint of the vendor's document, by what it does."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from wpsync.api.client import Client
from wpsync.api.envelope import number
from wpsync.errors import VendorUnavailableError, WpsyncError
from wpsync.model import Priority

CUSTOMER_FIELDS = "/api/crm/customerTmp"
ADD_CUSTOMER = "/api/crm/addCustomer"
DELETE_CUSTOMER = "/api/crm/delCustomer"
UPDATE_CUSTOMER = "/api/crm/uptCustomer"
CALL_PHONE = "/api/crm/callPhone"
ADD_WECHAT = "/api/crm/autoAddWx"
AGENTS = "/api/crm/getUsers"
CALL_REPORT = "/api/report/callReport"
CALL_DETAIL = "/api/report/callDetail"


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a listing: the vendor's total, and its rows as sent.

    `count` is None where the vendor sent no usable total, `rows` None where it sent null or nothing
    instead of a list. `size` are the bytes of the reply.
    """

    count: int | None
    rows: list[object] | None
    size: int = 0


def list_page(
    client: Client,
    endpoint: str,
    body: Mapping[str, object],
    priority: Priority = Priority.LIVE,
    *,
    narrows: bool = False,
) -> Listing:
    """One page of `data.count` and `data.list`. Rows whose bytes cannot be read stand in it as `Damaged`."""
    reply = client.call(endpoint, body, priority=priority, by_record=True, narrows=narrows)
    data = reply.data
    if not isinstance(data, dict):
        return Listing(None, None, reply.size)
    rows = data.get("list")
    listed = rows if isinstance(rows, list) else None
    return Listing(_count(data.get("count")), listed, reply.size)


MOST_ROWS = 100_000_000
"""A count above this is none: a firm with a thousand phones makes some ten million rows in its best year."""


def _count(value: object) -> int | None:
    count = number(value)
    return count if count is not None and 0 <= count <= MOST_ROWS else None


def vendors_now(client: Client) -> datetime | None:
    """What time it is at the vendor; asked for where no reply has told it yet. None where it cannot be had."""
    if client.vendors_now() is None:
        with suppress(WpsyncError):
            client.call(CUSTOMER_FIELDS)
    return client.vendors_now()


def customer_fields(client: Client) -> dict[str, str]:
    """The customer form's fields: key to label."""
    return label_map(client, CUSTOMER_FIELDS, "fieldMap")


def label_map(client: Client, endpoint: str, field: str) -> dict[str, str]:
    """Return the object in a field of an answer, key to label. Raises VendorUnavailableError without one."""
    labels = _object(client, endpoint, {}).get(field)
    if not isinstance(labels, dict):
        raise VendorUnavailableError("vendor.field_missing", endpoint=endpoint, field=field)
    return {str(key): str(label) for key, label in labels.items()}


def agents(client: Client) -> list[Mapping[str, object]]:
    """The agents as sent: `_id`, `name`, `phone`."""
    listed = list_page(client, AGENTS, {}).rows
    return [row for row in listed or () if isinstance(row, dict)]


def add_customer(client: Client, fields: Mapping[str, str]) -> str:
    """Add a customer (`name` and `phone` are required); returns its id. Never sent twice blindly."""
    data = client.call(ADD_CUSTOMER, fields, acts=True).data
    identifier = data.get("id") if isinstance(data, dict) else None
    if not identifier:
        raise VendorUnavailableError("vendor.customer_without_id", endpoint=ADD_CUSTOMER)
    return str(identifier)


def update_customer(client: Client, identifier: str, fields: Mapping[str, str]) -> None:
    """Change a customer's fields. Sending it twice does no harm."""
    client.call(UPDATE_CUSTOMER, {**fields, "id": identifier})


def delete_customer(client: Client, identifier: str) -> None:
    """Delete a customer."""
    client.call(DELETE_CUSTOMER, {"id": identifier}, acts=True)


def call_phone(client: Client, callee: str, agent_phone: str) -> None:
    """Have an agent's work phone dial a number."""
    client.call(CALL_PHONE, {"callPhone": callee, "userPhone": agent_phone}, acts=True)


def add_wechat(client: Client, phone: str, agent_phone: str) -> None:
    """Have an agent's work phone ask a number to become a WeChat contact."""
    client.call(ADD_WECHAT, {"phone": phone, "userPhone": agent_phone}, acts=True)


def call_report(client: Client, agent: str) -> Mapping[str, object]:
    """An agent's call totals as sent: `today`, `late7`, `late30`."""
    return _object(client, CALL_REPORT, {"agentId": agent})


def call_detail(client: Client, agent: str, time_set: str = "today") -> Mapping[str, object]:
    """An agent's calls in a span (`today`, `late7`, `late30`): totals, and `list` by day (null for today)."""
    return _object(client, CALL_DETAIL, {"agentId": agent, "timeSet": time_set})


def _object(client: Client, endpoint: str, body: Mapping[str, object]) -> Mapping[str, object]:
    data = client.call(endpoint, body).data
    if not isinstance(data, dict):
        raise VendorUnavailableError("vendor.field_missing", endpoint=endpoint, field="data")
    return data
