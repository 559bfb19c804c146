"""The read model: the state of resources, backfills and the service, and its wording in both languages.

The status page, `wpsync status`, the metrics and the alerts all read from here, so that their numbers
agree. Nothing here writes. HTML is in `web`, the layout on a terminal in `cli`.
"""
