"""The same row, watched by each peer in its usual way."""
