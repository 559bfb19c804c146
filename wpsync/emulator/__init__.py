"""The vendor's API emulated over real HTTP, with a living world behind it.

An independent reading of the vendor's document: nothing here knows wpsync's other code, so that a
mistake is not shared.
"""
