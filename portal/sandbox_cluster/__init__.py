"""A small Kubernetes API server of our own, for the demo and the tests.

It is honest rather than complete: what it answers, a real API server would answer too, and
``tests/contract`` runs against both. See ``docs/sandbox-cluster.md``.

No Django here: the server is its own process and may be started without the portal.
"""
