"""What the models registry does."""
