"""What workers do for the log."""

from audit.tasks import looking_after as looking_after
from audit.tasks import packs as packs
from audit.tasks import privacy as privacy
from audit.tasks import searching as searching
