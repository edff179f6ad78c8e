"""Witnesses (c2sp.org/tlog-witness v1.0.0): others who remember how far the log has got.

A witness cosigns a checkpoint only if it continues the last one that it cosigned. So a log that was cut
back, restored or forked gets no more cosignatures, and its operator gets an alarm.

``python -m audit.witness`` is a witness to be run elsewhere: no Django, no database, only ``cryptography``.
"""
