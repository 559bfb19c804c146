"""Reads history: plans a span, estimates its cost, reads it newest first, and records its progress.

Each window is read by `sync`. The state of past backfills for people to see is in `status.backfills`.
"""
