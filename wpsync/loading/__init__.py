"""Rows of the schema `wp`: staging, merging, comparing, counting, erasing and forgetting them.

wpsync's own tables are in `state`. The order of steps within a window's transaction is in
`sync.unit`.
"""
