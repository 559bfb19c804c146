"""Running an example: what the vendor sends, and the rows that result."""

import json
from datetime import UTC, datetime

from psycopg.adapt import PyFormat, Transformer

from wpsync.model import Batch
from wpsync.normalize.rows import Normalizer
from wpsync.resources import RESOURCES, TABLES

FETCHED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Row = dict[str, object]


def normalized(resource: str, *records: object) -> Batch:
    """The batch that some records of a resource become."""
    batch = Batch()
    Normalizer(RESOURCES[resource])(records, FETCHED, batch)
    return batch


def rows(batch: Batch, table: str) -> list[Row]:
    """A table's rows as dictionaries, `_extra` decoded."""
    names = [column.name for column in TABLES[table].columns]
    found = []
    for row in batch.rows.get(table, []):
        *values, extra, fetched = row
        assert fetched == FETCHED.isoformat()
        found.append(
            {
                **dict(zip(names, values, strict=True)),
                "_extra": json.loads(str(extra)) if extra else None,
            }
        )
    return found


def send(batch: Batch) -> None:
    """Put every value of a batch into the form in which the driver sends it; raises where it cannot."""
    driver = Transformer()
    for rows in batch.rows.values():
        for row in rows:
            for value in row:
                if value is not None:
                    driver.get_dumper(value, PyFormat.TEXT).dump(value)


def only_row(resource: str, record: object, table: str | None = None) -> Row:
    """The single row that a record becomes in a table (its resource's own by default)."""
    (row,) = rows(normalized(resource, record), table or RESOURCES[resource].table.name)
    return row


MESSAGE = {
    "id": "43b3a7f5-9328-11e9-b272-0242ac110006",
    "chatId": "2b0959b1-9323-11e9-b272-0242ac110006",
    "from": "293ab6bc-9323-11e9-b272-0242ac110006",
    "msg": "\n真的是好难约噢",
    "msgType": "1",
    "date": "2019-06-20",
    "ts": 1561013064,
    "msgId": "82",
    "isSend": "0",
    "msgSvrId": "9046641001935868169",
}


def message(code: str, payload: object, **more: object) -> dict[str, object]:
    """A message row of that type; a payload that is no text is encoded as the vendor does."""
    encoded = payload if isinstance(payload, str) or payload is None else json.dumps(payload)
    return {**MESSAGE, "msgType": code, "msg": encoded, **more}


def typed(code: str, payload: object, table: str, **more: object) -> Row:
    """The single typed row of a message."""
    return only_row("wechat_messages", message(code, payload, **more), table)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


RED_KEYS = (
    "title", "des", "type", "url", "wcPayInfo", "paySubtrueype", "paySubType", "feeDesc", "newAa", "payerList",
    "receiverList", "m7trueype", "content", "msg", "link", "text", "test", "timestrueamp", "log", "lat", "sceneId",
)  # fmt: skip
"""Keys that payloads really have, in several spellings."""
