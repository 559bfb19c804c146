"""The vendor over HTTP: one account's client, its tokens, its limits, and every endpoint by name."""
