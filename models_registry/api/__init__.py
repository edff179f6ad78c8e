"""The REST API of the models registry."""
