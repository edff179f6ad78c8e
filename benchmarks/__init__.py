"""Measurements: each against its baseline, in interleaved rounds of the same run."""
