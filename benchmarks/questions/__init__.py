"""One file per question; each yields its rows of the table."""
