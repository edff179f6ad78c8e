"""Full-text search over the log. The index is for finding; it is no evidence, and can be made again."""
