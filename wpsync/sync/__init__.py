"""Reads windows and listings until they are complete, and checks them again later.

Here are the main loop (`window_sync`), the transaction of a window as the list of its steps (`unit`),
the passes over a resource (`passes`), rechecks, `verify`, and the session that puts an account's parts together. Reading history is `backfill`'s; when a job runs is
`daemon`'s; SQL is `loading`'s and `state`'s.
"""
