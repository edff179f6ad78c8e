"""What every page shows round its content: the way about, what waits, who is signed in."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.models import User
from releases.inbox import count_waiting_for


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the main navigation: the route it leads to and how it looks."""

    route: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class Item:
    """A place as one page shows it. `count` is how many things wait there, 0 hides it."""

    url: str
    label: str
    icon: str
    is_current: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """The signed-in person's corner."""

    name: str
    username: str
    items: list[Item]
    logout_url: str


INBOX: Final = Place("portal:inbox", "Inbox", "inbox")
MAIN: Final = (
    INBOX,
    Place("catalog:projects", "Projects", "stack-2"),
    Place("releases:policies", "Policies", "scale"),
    Place("audit:events", "Audit", "history"),
    Place("catalog:people", "People", "users"),
    Place("catalog:service-accounts", "Machines", "robot"),
)
ACCOUNT: Final = (
    Place("catalog:my-tokens", "Your tokens", "key"),
    Place("account_change_password", "Change password", "lock"),
)


class Navigation:
    """Computed when a template asks: a page without the bar (an error, a partial) costs nothing."""

    def __init__(self, request: HttpRequest, user: User) -> None:
        self._request = request
        self._user = user

    @cached_property
    def main(self) -> list[Item]:
        return [self._item(place) for place in MAIN]

    @cached_property
    def account(self) -> Account:
        return Account(
            name=self._user.display_name or self._user.username,
            username=self._user.username,
            items=[self._item(place) for place in ACCOUNT],
            logout_url=reverse("account_logout"),
        )

    @property
    def search_url(self) -> str:
        return reverse("portal:search")

    @property
    def search_term(self) -> str:
        return self._request.GET.get("q", "") if self._request.path == self.search_url else ""

    def _item(self, place: Place) -> Item:
        url = reverse(place.route)
        path = self._request.path
        here = path == url if url == "/" else path.startswith(url)
        count = self._waiting if place is INBOX else 0
        return Item(url, place.label, place.icon, is_current=here, count=count)

    @cached_property
    def _waiting(self) -> int:
        """How many change requests wait for a signature of whoever looks."""
        return count_waiting_for(self._user)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`navigation` for templates; nothing for people who are not signed in."""
    user = getattr(request, "user", None)
    return {"navigation": Navigation(request, user) if isinstance(user, User) else None}
