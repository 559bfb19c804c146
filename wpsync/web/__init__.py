"""The status page, and the endpoints for probes and metrics.

It shows what `status` reads, with the wording of `status.wording`. It is started by `wpsync.__main__`;
the command line does not import it.
"""
