"""Puts committed events into the tree: one process leads, any number may run (docs/adr/0013).

Plain psycopg, no Django: the loop is hot, and the process shall hold nothing else.
"""
