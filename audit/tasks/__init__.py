"""What workers do for the log."""

from audit.tasks import looking_after as looking_after
