"""Signs what is committed, and publishes it (docs/adr/0016).

It stands apart, with a key and a memory of its own: whoever restores, forks or bends the database finds
that the signer remembers. Plain psycopg and files, no Django.
"""
