"""What this app erases of a person: what they wrote when they settled a finding."""

from audit.privacy.erasers import Erased
from audit.sentences import ERASED
from catalog.models import User
from models_registry.models import Finding


def erase(person: User) -> Erased:
    """That it was settled stays; the comment goes."""
    settled = Finding.objects.filter(settled_by=person).exclude(comment="")
    return Erased({"comments": settled.update(comment=ERASED)})
