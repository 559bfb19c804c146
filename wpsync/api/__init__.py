"""The vendor's HTTP API: tokens, limits, retries, envelopes and endpoints.

Only this package sends requests to the vendor. It knows no resource and no database: it gets its
token store, its request budget and its note of outages from its caller.
"""
