"""What workers do for the log."""
