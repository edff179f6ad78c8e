"""The demo: two projects, people of every function, several weeks of history, and work that waits.

Everything is done through the same actions as in real life, at moments of the past (``clock``), so the
demo cannot show anything that the portal cannot do.
"""
