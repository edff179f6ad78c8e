"""What an environment was at a moment: what ran, who had approved it by which rules, who might do what.

Computed from the log's entries up to that moment. Rows of other tables only add what never changes about the
things that entries name (the items of a sealed release, the text of a statement), and are compared with the
digests in the entries.
"""
