"""The log as one file: JSON lines or a table, streamed out of the database at the rate of ``COPY``."""
