"""From what the vendor sent to rows: pure, and no input whatsoever raises."""
