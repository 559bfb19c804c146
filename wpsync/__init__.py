"""wpsync copies what a firm's work phones record (7moor) into the firm's own Postgres.

Words. A *resource* is what the vendor lists and the table it feeds. A *window* is a half-open stretch of
vendor time, read as one unit. The *ledger* holds every window that was read, with the vendor's count and
ours. The *watermark* is the end of the unbroken run of windows. A *listing* is read whole; only a complete
reading of it marks rows as gone. A *dead letter* is something that could not be taken, with the reason.

One window's life: `extract.reading` decides what to ask and when a window is proved complete;
`api.client` asks; `normalize.rows` makes rows of records; `loading.staging` brings them into the database, and
`state.window_ledger` enters the window into the ledger in the same transaction, as `wpsync.ledger` computes it.
`sync.window_sync` is the main loop, and `sync.unit` lists the steps of that transaction.

Reading order: `model`, `resources.spec`, `resources.device`, `extract.reading`, `sync.window_sync`,
`sync.unit`, `ledger`, `loading.staging`, `sync.passes`, `backfill.run`.
"""
