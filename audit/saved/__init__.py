"""Filters of the log that people keep under a name, for themselves or for who reads a project's log."""
