"""What wpsync is compared with: an ordinary script, and the limit of fetching plus one COPY."""

import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bench.vendor import DAYS, NOW

MESSAGES = "/api/wechat/getWeMessageByPage"
CLIENT = {"clientId": "0f30a37f1adca729", "clientSecret": "af9cb1d2acf88264ab8477e3b8b34353"}
COLUMNS = (
    "id", "chat_id", "sender_id", "msg_type", "sent_at", "sent_on", "device_msg_id", "server_msg_id",
    "is_send", "body", "thumb_path", "big_path",
)  # fmt: skip
FIELDS = (
    "id", "chatId", "from", "msgType", "ts", "date", "msgId", "msgSvrId", "isSend", "msg", "thumbImgPath", "bigImgPath"
)  # fmt: skip

metadata = sa.MetaData()
flat = sa.Table(
    "flat",
    metadata,
    *(
        sa.Column(name, sa.BigInteger if name == "sent_at" else sa.Text, primary_key=name == "id")
        for name in COLUMNS
    ),
    sa.Index("flat_chat", "chat_id", "sent_at"),
    sa.Index("flat_sent", "sent_at"),
    sa.Index("flat_sender", "sender_id"),
)


def pages(client: httpx.Client, url: str) -> Iterator[httpx.Response]:
    """Every page of every day, in sequence."""
    token = client.post(f"{url}/oauth/token/getToken?timestamp=1", json=CLIENT).json()["data"][
        "accessToken"
    ]
    for day in range(DAYS + 1):
        start = NOW + timedelta(hours=8) - timedelta(days=DAYS - day)
        first = f"{start:%Y-%m-%d} 00:00:00", f"{start:%Y-%m-%d} 23:59:59"
        number, total = 1, 1
        while number <= total:
            body = {"page": number, "pageSize": 100, "start": first[0], "end": first[1]}
            reply = client.post(f"{url}{MESSAGES}?timestamp=1&accessToken={token}", json=body)
            if number == 1:
                total = -(
                    -int(reply.content[: reply.content.index(b',"list"')].rpartition(b":")[2])
                    // 100
                )
            number += 1
            yield reply


def script(url: str, database: str) -> float:
    """Seconds of an ordinary script: httpx, then SQLAlchemy's ON CONFLICT in batches of 1,000."""
    engine = sa.create_engine(sa.make_url(database).set(drivername="postgresql+psycopg"))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    began = time.perf_counter()
    with httpx.Client() as client, engine.connect() as connection:
        batch: list[dict[str, object]] = []
        for reply in pages(client, url):
            for record in reply.json()["data"]["list"]:
                row = {c: record.get(f) for c, f in zip(COLUMNS, FIELDS, strict=True)}
                row["body"] = clean(row["body"])
                row["server_msg_id"] = str(row["server_msg_id"])
                batch.append(row)
            if len(batch) >= 1000:
                _upsert(connection, batch)
                batch = []
        if batch:
            _upsert(connection, batch)
    elapsed = time.perf_counter() - began
    engine.dispose()
    return elapsed


def clean(body: object) -> str:
    """What Postgres can hold of a text, the way a script does it that has been bitten once."""
    return str(body or "").replace("\x00", "").encode(errors="replace").decode()


def _upsert(connection: sa.Connection, batch: list[dict[str, object]]) -> None:
    statement = insert(flat)
    changed = {name: statement.excluded[name] for name in COLUMNS if name != "id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed), batch)
    connection.commit()


def limit(url: str, database: str, lines: list[bytes]) -> float:
    """Seconds of fetching the same pages undecoded, then one COPY of rows that are ready to be sent."""
    engine = sa.create_engine(sa.make_url(database).set(drivername="postgresql+psycopg"))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    engine.dispose()
    began = time.perf_counter()
    with httpx.Client() as client:
        for reply in pages(client, url):
            assert reply.content
    with (
        psycopg.connect(database) as connection,
        connection.cursor() as cursor,
        cursor.copy("copy flat from stdin") as copy,
    ):
        for chunk in lines:
            copy.write(chunk)
    return time.perf_counter() - began


def ready_lines(database: str) -> list[bytes]:
    """The flat table's rows as COPY would send them, in chunks."""
    with (
        psycopg.connect(database) as connection,
        connection.cursor() as cursor,
        cursor.copy("copy flat to stdout") as copy,
    ):
        return [bytes(chunk) for chunk in copy]
