"""Alerts: the conditions that need a person, the incidents they become, and the targets of messages.

Conditions are read off `status`. The job that checks them every minute is in `daemon`.
"""
