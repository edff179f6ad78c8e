"""What our figures are compared with: the same rows served in the plain way, by the same server."""
