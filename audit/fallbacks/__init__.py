"""Where checkpoints go besides witnesses: whoever keeps one can later show that a log was changed.

Each of these is weaker than a witness, which refuses; they only remember. None of them holds up the log.
"""
