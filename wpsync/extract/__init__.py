"""Reading plans: which pages to ask for, and when a window or a listing counts as complete.

Pure: it asks through the `Vendor` it is given. It has no clock, no network and no database; the
loop that drives it is in `sync`.
"""
