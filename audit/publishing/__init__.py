"""The log as static files, in the paths of tlog-tiles. Pure files: no Django, no database."""
