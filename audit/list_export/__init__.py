"""What a filter finds, as a file with its sentences: streamed, recorded. The bare log is in ``exporting``."""
