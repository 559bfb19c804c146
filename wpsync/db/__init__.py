"""The database itself: connections, locks, migrations, the declared schema, named statements.

It knows no table's meaning: statements stand beside the modules that use them, in `state`, `loading`
and the read models.
"""
