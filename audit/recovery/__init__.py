"""After a restore: bring back what the database lost, or open a new log that says where the old one ended."""
