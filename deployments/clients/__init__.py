"""Ports to what the portal deploys to, and their adapters."""
