"""Send the sealed entries of the log to those who watch it: a SIEM, a log server, a file (docs/siem.md)."""
