"""The status page, and what machines ask: no SQL and no decisions, only how it is shown."""
