"""Whether the log is whole: verification, reconciliation with the tables, signs of life, alarms."""
