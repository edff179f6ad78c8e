"""The log as one file."""
