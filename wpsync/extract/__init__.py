"""Which windows to read, and how a window is read until it is proved complete: pure."""
