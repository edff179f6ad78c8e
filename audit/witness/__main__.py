"""``python -m audit.witness``: a witness that needs nothing of the portal but this code."""

import sys

from audit.witness.command import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], "python -m audit.witness"))
