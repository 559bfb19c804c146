"""Tables of the schema `wpsync`: the window ledger, listings, runs, jobs, incidents, tokens, budgets.

One module for each table or two, with its statements in the .sql file beside it. Functions that take
part in a window's transaction get its connection; the others get the database. Rows of `wp` are in
`loading`.
"""
