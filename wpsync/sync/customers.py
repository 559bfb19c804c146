"""The vendor's actions, and the ledger of customers that writing through this program keeps.

The vendor lists no customers: what is written through here is all that can be known of them. An
action is never repeated blindly (`acts=True` in the client): a customer added twice, or a phone
that rings twice, is worse than an error.
"""

from collections.abc import Mapping
from typing import cast

from wpsync.api import endpoints
from wpsync.api.client import Client
from wpsync.clock import Clock
from wpsync.db.database import Database
from wpsync.loading import customers
from wpsync.normalize.privacy import OFF, Privacy
from wpsync.resources.crm import CUSTOMERS


def add_customer(
    client: Client,
    database: Database,
    clock: Clock,
    account: str,
    fields: Mapping[str, str],
    privacy: Privacy = OFF,
) -> str:
    """Add a customer at the vendor and enter it into `wp.customers`; returns its id."""
    identifier = endpoints.add_customer(client, fields)
    customers.keep(database, account, identifier, _kept(fields, privacy), clock.now(), privacy)
    return identifier


def update_customer(
    client: Client,
    database: Database,
    clock: Clock,
    account: str,
    identifier: str,
    fields: Mapping[str, str],
    privacy: Privacy = OFF,
) -> None:
    """Change a customer's fields at the vendor and in `wp.customers`; the version before is kept."""
    endpoints.update_customer(client, identifier, fields)
    customers.keep(database, account, identifier, _kept(fields, privacy), clock.now(), privacy)


def delete_customer(
    client: Client, database: Database, clock: Clock, account: str, identifier: str
) -> None:
    """Delete a customer at the vendor and mark it as gone in `wp.customers`."""
    endpoints.delete_customer(client, identifier)
    customers.forget(database, account, identifier, clock.now())


def _kept(fields: Mapping[str, str], privacy: Privacy) -> dict[str, str]:
    """The fields as they are kept: a customer's name and phone, and all others as one column."""
    own = {name: value for name, value in fields.items() if name in ("name", "phone")}
    other = {name: value for name, value in fields.items() if name not in own}
    treated = privacy.json_row(CUSTOMERS.name, {**own, "fields": other})
    found = {name: treated[name] for name in own} | dict(
        cast("dict[str, str]", treated["fields"] or {})
    )
    return {name: str(value) for name, value in found.items() if value is not None}
