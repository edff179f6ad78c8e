"""Pages of the models registry."""
