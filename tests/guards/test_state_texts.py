"""Every text that wpsync keeps of itself is a decision: our own words, an id of the vendor's, or a text that privacy treats.

What the tables of `wp` hold is declared column by column (`wpsync.resources.spec`), and refused at import otherwise.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from wpsync.db.schema import metadata

OURS = {
    "actor": "the user of the host who erased",
    "account": "the account's name in the configuration",
    "asked_by": "the number of a transaction",
    "base_url": "the vendor's address, from the configuration",
    "book": "counts and instants of requests",
    "client_id": "from the configuration",
    "credentials_hash": "a digest of the credentials",
    "digest": "stands for a number, keyed or salted",
    "endpoint": "a path of the vendor's interface, from the declarations",
    "error_code": "a code of the catalogue",
    "error_params": "parameters of the catalogue's texts: our own words, counts, instants",
    "fingerprint": "a digest",
    "hash": "a digest of a definition",
    "holder": "a process of ours",
    "host": "a host of ours",
    "instances.id": "a process of ours",
    "job": "a job's name",
    "key_id": "a digest of a key",
    "keys.id": "a digest of a key",
    "kind": "one of our words",
    "definitions.name": "a view or function of ours",
    "outcome": "one of our words",
    "reason": "one of our words; of an erasure, those of the operator",
    "report": "names of tables and columns, counts, ids of keys",
    "resource": "a resource's name",
    "role": "one of our words",
    "erasures.rows": "counts by table",
    "scope": "one of our words, and a resource's name",
    "severity": "one of our words",
    "state": "one of our words",
    "table_name": "a table of ours",
    "version": "a version of ours",
    "way": "one of our words",
    "what": "one of our words",
    "drift.name": "the name of a field, where it cannot be a person's data (`originals.shown_name`)",
}
VENDORS_IDS = {
    "follow_ups.id",
    "erased_rows.id",
    "named_rows.id",
    "parent_id",
    "record_id",
}
"""Ids that the vendor made up, like `Harmless.ID`: erasing a person removes them with the rows."""
TREATED = {
    "access_token": "a secret, encrypted",
    "refresh_token": "likewise",
    "dead_letters.original": "`Privacy.letter` withholds it where anything of its resource is not kept",
    "error_words": "words of Postgres or the system, without values of rows (`db.refusals.reason`)",
    "vendor_words.words": "kept only where privacy keeps everything, for some days (`state.vendor_words`)",
}


def test_every_text_of_the_state_is_classified():
    known = {*OURS, *VENDORS_IDS, *TREATED}
    texts = (sa.Text, postgresql.JSONB, postgresql.ARRAY)
    found = set()
    for table in metadata().tables.values():
        if table.schema != "wpsync":
            continue
        for column in table.columns:
            if isinstance(column.type, texts):
                names = {column.name, f"{table.name}.{column.name}"}
                assert len(names & known) == 1, f"{table.name}.{column.name}: who may stand in it?"
                found |= names & known
    assert known - found == set(), "take these out"
