"""Records of the vendor to rows of our tables, with privacy and erasure applied.

Pure: it writes nothing. Rows go to the database through `loading`.
"""
