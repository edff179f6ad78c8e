"""Where the log is sent, for machines: set up, pause, test, send again."""
