"""An erasure takes two, and a legal hold stands in its way."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from audit.privacy.models import Erasure
from audit.sentences import with_sentences
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.erase_person import erase_person
from catalog.actions.lift_hold import lift_hold
from catalog.actions.place_hold import place_hold
from catalog.actions.request_erasure import request_erasure
from catalog.actions.withdraw_erasure import withdraw_erasure
from catalog.errors import AlreadyExists, Held, InvalidInput, NotPermitted, WrongMoment
from catalog.models import User
from tests import factories

pytestmark = pytest.mark.django_db


def told():
    return [event.sentence for event in with_sentences(Event.objects.order_by("pk"))]


class TestWhoMay:
    def test_without_the_permission_nobody_asks_confirms_withdraws(self, world, officers):
        vera, _ = officers
        erasure = request_erasure(world.tom, basis="withdrawn", by=vera)
        with pytest.raises(NotPermitted, match="manage_privacy"):
            request_erasure(world.sofia, basis="withdrawn", by=world.tom)
        with pytest.raises(NotPermitted, match="manage_privacy"):
            confirm_erasure(erasure.pk, by=world.tom)
        with pytest.raises(NotPermitted, match="manage_privacy"):
            withdraw_erasure(erasure.pk, by=world.tom)

    def test_who_asked_does_not_confirm_not_even_a_superuser(self, world):
        admin = factories.admin()
        erasure = request_erasure(world.tom, basis="withdrawn", by=admin)
        with pytest.raises(NotPermitted, match="takes two"):
            confirm_erasure(erasure.pk, by=admin)
        assert Erasure.objects.get().state == "requested"

    def test_the_database_refuses_one_person_for_both(self, world):
        admin = factories.admin()
        erasure = request_erasure(world.tom, basis="withdrawn", by=admin)
        with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
            Erasure.objects.filter(pk=erasure.pk).update(confirmed_by=admin)

    def test_nobody_erases_themselves_or_confirms_it(self, officers):
        vera, dora = officers
        with pytest.raises(InvalidInput, match="own account"):
            request_erasure(vera, basis="withdrawn", by=vera)
        erasure = request_erasure(vera, basis="withdrawn", by=dora)
        with pytest.raises(NotPermitted, match="whose data it is"):
            confirm_erasure(erasure.pk, by=vera)

    def test_a_superuser_is_erased_by_superusers_only(self, officers):
        with pytest.raises(NotPermitted, match="superuser"):
            request_erasure(factories.admin(), basis="withdrawn", by=officers[0])

    def test_the_basis_is_one_of_the_law(self, world, officers):
        with pytest.raises(InvalidInput, match="The basis is one of"):
            request_erasure(world.tom, basis="because", by=officers[0])

    def test_it_is_asked_for_once(self, world, officers):
        request_erasure(world.tom, basis="withdrawn", by=officers[0])
        with pytest.raises(AlreadyExists, match="already"):
            request_erasure(world.tom, basis="withdrawn", by=officers[1])

    def test_what_was_withdrawn_is_not_carried_out(self, world, officers):
        vera, dora = officers
        erasure = request_erasure(world.tom, basis="withdrawn", by=vera)
        confirm_erasure(erasure.pk, by=dora)
        withdraw_erasure(erasure.pk, by=vera)
        assert erase_person(erasure.pk).state == "withdrawn"
        assert User.objects.get(username="tom").is_active
        with pytest.raises(WrongMoment, match="withdrawn"):
            confirm_erasure(erasure.pk, by=dora)

    def test_without_a_second_person_nothing_is_erased(self, world, officers):
        erasure = request_erasure(world.tom, basis="withdrawn", by=officers[0])
        assert erase_person(erasure.pk).state == "requested"
        assert User.objects.get(username="tom").is_active


class TestHolds:
    def test_a_hold_needs_the_permission_a_reason_and_a_thing(self, world, officers):
        with pytest.raises(NotPermitted, match="manage_privacy"):
            place_hold(kind="subject", about="tom", reason="x", by=world.tom)
        for wrong, match in (
            ({"about": "nobody"}, "no account"),
            ({"reason": " "}, "Say why"),
            ({"kind": "planet"}, "A hold is on one of"),
            ({"kind": "project", "about": "x"}, "no such project"),
            ({"kind": "change_request", "about": "CR-77"}, "no such change request"),
            ({"kind": "change_request", "about": "twelve"}, "no such change request"),
        ):
            given = {"kind": "subject", "about": "tom", "reason": "x", **wrong}
            with pytest.raises(InvalidInput, match=match):
                place_hold(**given, by=officers[0])

    def test_a_hold_on_the_person_refuses_asking_and_confirming(self, world, officers):
        vera, dora = officers
        erasure = request_erasure(world.tom, basis="withdrawn", by=vera)
        hold = place_hold(kind="subject", about="tom", reason="Matter 12/26.", by=vera)
        with pytest.raises(Held, match="under a legal hold since"):
            confirm_erasure(erasure.pk, by=dora)
        with pytest.raises(Held, match="when the hold is lifted"):
            request_erasure(User.objects.get(username="tom"), basis="withdrawn", by=dora)
        lift_hold(hold.pk, by=dora)
        confirm_erasure(erasure.pk, by=dora)
        assert erase_person(erasure.pk).state == "erased"

    def test_a_hold_on_a_project_or_a_request_keeps_all_who_had_part_in_it(self, world, officers):
        deployed = world.deployed()
        vera, _ = officers
        for kind, about in (("project", "payments"), ("change_request", deployed.label)):
            hold = place_hold(kind=kind, about=about, reason="Matter 13/26.", by=vera)
            with pytest.raises(Held):
                request_erasure(world.sofia, basis="withdrawn", by=vera)
            outsider = factories.person("zoe")
            withdrawn = request_erasure(outsider, basis="withdrawn", by=vera)
            withdraw_erasure(withdrawn.pk, by=vera)
            lift_hold(hold.pk, by=vera)

    def test_a_hold_placed_after_the_confirmation_makes_the_worker_wait(self, world, officers):
        vera, dora = officers
        erasure = request_erasure(world.tom, basis="withdrawn", by=vera)
        confirm_erasure(erasure.pk, by=dora)
        hold = place_hold(kind="subject", about="tom", reason="Matter 12/26.", by=vera)
        waiting = erase_person(erasure.pk)
        assert waiting.state == "confirmed"
        assert "legal hold" in waiting.waits_for
        lift_hold(hold.pk, by=vera)
        assert erase_person(erasure.pk).state == "erased"

    def test_placing_and_lifting_are_events_and_lifting_twice_is_no_harm(self, world, officers):
        vera, dora = officers
        hold = place_hold(kind="project", about="payments", reason="Matter 12/26.", by=vera)
        lift_hold(hold.pk, by=dora)
        lift_hold(hold.pk, by=dora)
        assert [s for s in told() if "legal hold" in s] == [
            f"{vera.display_name} placed a legal hold on the project payments: Matter 12/26.",
            f"{dora.display_name} lifted the legal hold on the project payments.",
        ]
