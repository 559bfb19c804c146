"""Measuring the backfill against an ordinary script and against the limit: `make bench`."""
