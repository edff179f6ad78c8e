"""What administrators do with destinations: one file for each verb."""
