"""What the log does by somebody's will: one write per file."""
