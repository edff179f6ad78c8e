"""What the page of a change request reads: nothing here writes."""
