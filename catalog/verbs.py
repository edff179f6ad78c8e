"""The verbs a role may hold."""

from collections.abc import Iterable

from catalog.errors import InvalidInput
from catalog.permissions import Permission

_SEEING = Permission.VIEW_PROJECT.codename


def check_verbs(wanted: Iterable[str]) -> list[str]:
    """Return the verbs in the order of their list, each once, without the prefix ``catalog.``.

    Raises:
        InvalidInput: there is no such verb, none at all, or the role could not see where it acts.
    """
    wanted = wanted if isinstance(wanted, str) else list(wanted)
    if isinstance(wanted, str) or not all(isinstance(verb, str) for verb in wanted):
        raise InvalidInput.of("permissions", "This must be a list of permissions.")
    asked = {verb.removeprefix("catalog.") for verb in wanted}
    known = [permission.codename for permission in Permission]
    if unknown := asked.difference(known):
        raise InvalidInput.of(
            "permissions",
            f"{', '.join(sorted(unknown))}: no such permission. There are {', '.join(known)}.",
        )
    if _SEEING not in asked:
        raise InvalidInput.of(
            "permissions", f"A role needs {_SEEING!r}: nobody can act where they see nothing."
        )
    return [verb for verb in known if verb in asked]
