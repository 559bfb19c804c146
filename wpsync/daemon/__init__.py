"""The long-running service: leadership, schedule, jobs, metrics, and the checks before a start.

It decides when a job runs and what happens when one fails. The work of a job is done by `sync` and
`alerts`; the page is served by `web`.
"""
