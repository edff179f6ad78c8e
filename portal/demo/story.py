"""What happened in the demo's firm during the last weeks, in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from audit.privacy.models import ErasureBasis
from audit.streaming.actions.create import create_destination
from audit.streaming.wanted import Wanted
from catalog.models import ArtifactVersion, User, the_portal
from deployments.actions.create_cluster import create_cluster
from deployments.models import Cluster
from models_registry.models import RegisteredModel, Registry, RetrainingRequest
from portal.demo import data, reports, retrained, trained
from portal.demo.access import give_temporary_access, open_the_next, review_and_sign
from portal.demo.cards import write_provisional, write_reviewed
from portal.demo.cast import create_admin, create_machine, create_people, give_roles
from portal.demo.clock import Today
from portal.demo.pipeline import Pipeline, deploy, refuse, sign
from portal.demo.places import Place, bind_images, bind_models, create_place, reach_by_cluster
from portal.demo.policies import publish_all
from portal.demo.privacy import (
    ask_to_erase,
    confirm_and_erase,
    hire_leavers,
    hold,
    let_them_leave,
)
from releases.actions.activate_policy import activate_policy
from releases.actions.reevaluate import reevaluate
from releases.actions.withdraw import withdraw
from releases.models import ChangeRequest, Release
from releases.states import ChangeRequestState


@dataclass
class Story:
    """The cast, the places, and what is told about them. Each chapter is a moment and what happened."""

    clock: Today
    server: str
    """The sandbox cluster's address."""
    credentials: str = ""
    """Name of a kubeconfig for it; it outlives a change of the address."""
    people: dict[str, User] = field(default_factory=dict)
    kept: dict[str, Release] = field(default_factory=dict)

    admin: User = field(init=False)
    cluster: Cluster = field(init=False)
    payments: Place = field(init=False)
    credit: Place = field(init=False)
    payments_ci: Pipeline = field(init=False)
    credit_ci: Pipeline = field(init=False)
    lab: Registry = field(init=False)

    def chapters(self) -> Iterator[tuple[str, timedelta, Callable[[], None]]]:
        """Yield title, how long ago, and the deed."""
        yield "people, projects and policies", timedelta(days=34), self.found
        yield "the first payments release", timedelta(days=27), self.first_payments
        yield "two people leave", timedelta(days=26), self.leaving
        yield "access is reviewed", timedelta(days=25), self.access_reviewed
        yield "a release with too few tests", timedelta(days=22), self.too_few_tests
        yield "a release that risk rejected", timedelta(days=17), self.rejected
        yield "the same, asked for again", timedelta(days=14), self.asked_again
        yield "the first credit model", timedelta(days=12), self.first_model
        yield "an image that could not start", timedelta(days=9), self.could_not_start
        yield "the repaired release", timedelta(days=7), self.repaired
        yield "a request that was withdrawn", timedelta(days=5), self.withdrawn
        yield "somebody who left is erased", timedelta(days=4), self.erased
        yield "a better credit model", timedelta(days=3), self.better_model
        yield "access is to be reviewed again", timedelta(days=2), self.access_due
        yield "somebody asks to be erased", timedelta(days=1), self.to_be_erased
        yield "what waits for people", timedelta(hours=20), self.waiting
        yield "what is blocked", timedelta(hours=3), self.blocked

    def _day(self, request: ChangeRequest, *signers: str, comment: str = "") -> ChangeRequest:
        for position, name in enumerate(signers):
            self.clock.pass_by(hours=1, minutes=7 + 13 * position)
            sign(request, self.people[name], comment if position == 0 else "")
        deploy(request)
        self.clock.pass_by(hours=2)
        return request

    def found(self) -> None:
        """Everything that is there before the first release."""
        self.admin = create_admin()
        self.cluster = create_cluster(
            "sandbox",
            server="" if self.credentials else self.server,
            credentials=self.credentials,
            by=self.admin,
        )
        archive = Wanted(name="archive", kind="file", file_name="audit.jsonl")
        create_destination(archive, by=self.admin)
        self.people = create_people(self.admin)
        self.payments = create_place(
            "payments",
            "Payments",
            "Moves money between accounts: an API and a worker that settles.",
            "high",
            by=self.admin,
        )
        self.credit = create_place(
            "credit-scoring",
            "Credit scoring",
            "Decides on consumer loans: a model and the API that serves it.",
            "critical",
            by=self.admin,
        )
        give_roles(self.payments.project, self.credit.project, self.people)
        give_temporary_access(self.payments.project, self.people)
        hire_leavers(self.payments.project, self.people)
        self.payments_ci = self._pipeline(self.payments, "ci-payments")
        self.credit_ci = self._pipeline(self.credit, "ci-credit")
        self.lab = trained.open_lab(self.credit.project, by=self.admin)
        retrained.open_pipeline(self.credit.project, by=self.admin)
        published = publish_all(by=self.people["rashid"])
        for place, prefix in ((self.payments, ""), (self.credit, "models-")):
            reach_by_cluster(place, self.cluster, self.server, by=self.admin)
            for environment in (place.staging, place.production):
                policy = published[f"{prefix}{environment.name}"]
                activate_policy(environment, policy, by=self.people["rashid"])

    def _pipeline(self, place: Place, username: str) -> Pipeline:
        account = create_machine(place.project, username, self.people)
        return Pipeline(place.project, account)

    def _payments(
        self, version: str, *authors: str, coverage: float = 86.4, fault: str = "", **more: int
    ) -> tuple[ArtifactVersion, ArtifactVersion]:
        """Build both images of payments and upload their reports."""
        people = [self.people[name] for name in authors]
        api = self.payments_ci.build("payments-api", version, *people, fault=fault)
        worker = self.payments_ci.build("payments-worker", version, *people)
        for image, covered in ((api, coverage), (worker, 91.0)):
            self.payments_ci.report(
                image,
                {
                    "junit": reports.junit(f"{image.artifact.name}.unit"),
                    "metrics": reports.metrics(coverage=covered, lines=4210, duration_minutes=6),
                    "sarif": reports.sarif(high=more.get("high", 1)),
                },
            )
        return api, worker

    def first_payments(self) -> None:
        """All the way to production."""
        images = self._payments("3.1.0", "dana", "jonas")
        bind_images(self.payments, {"payments-api": 3, "payments-worker": 2}, by=self.admin)
        release = self.payments_ci.seal(
            "2026.10.1", *images, notes="First release of the new ledger."
        )
        asked = self.payments_ci.ask(release, self.payments.staging, "Try the new ledger.")
        self._day(asked, "tom", "sofia", comment="Read the migration, ran it twice.")
        asked = self.payments_ci.ask(release, self.payments.production, "The new ledger goes live.")
        self._day(asked, "priya", "sofia", "rashid")

    def leaving(self) -> None:
        """An engineer, and a contractor."""
        let_them_leave(self.people)

    def erased(self) -> None:
        """One of the two."""
        asked = ask_to_erase(self.people["jonas"], ErasureBasis.NOT_NEEDED, self.people)
        self.clock.pass_by(hours=2, minutes=25)
        confirm_and_erase(asked, self.people)

    def to_be_erased(self) -> None:
        """The other one: that waits for a second person."""
        ask_to_erase(self.people["petra"], ErasureBasis.OBJECTED, self.people)

    def access_reviewed(self) -> None:
        """Somebody left, and the platform's engineer both gives roles and signs."""
        review_and_sign(self.payments.project, self.people)

    def access_due(self) -> None:
        """The next review, begun."""
        open_the_next(self.payments.project, self.people)

    def too_few_tests(self) -> None:
        """Blocked by coverage, until the missing tests came."""
        api, worker = self._payments("3.2.0", "tom", coverage=71.2)
        release = self.payments_ci.seal("2026.10.2", api, worker, notes="Instant transfers.")
        asked = self.payments_ci.ask(
            release, self.payments.staging, "Instant transfers for staging."
        )
        self.clock.pass_by(hours=5)
        more_tests = {"metrics": reports.metrics(coverage=84.9, lines=4633, duration_minutes=8)}
        self.payments_ci.report(api, more_tests)
        self._settle(asked)
        self._day(asked, "dana", "sofia", comment="The edge cases are covered now.")
        self.kept["instant"] = release

    def rejected(self) -> None:
        """Risk says no: wrong week."""
        asked = self.payments_ci.ask(
            self.kept["instant"], self.payments.production, "Instant transfers go live."
        )
        self.clock.pass_by(minutes=40)
        sign(asked, self.people["priya"])
        self.clock.pass_by(hours=3)
        refuse(
            asked,
            self.people["rashid"],
            "Quarter-end closing runs until Friday. Please ask again next week.",
        )
        self.clock.pass_by(days=1)
        hold(asked, self.people)

    def asked_again(self) -> None:
        """A new request for the same release."""
        asked = self.payments_ci.ask(
            self.kept["instant"], self.payments.production, "Instant transfers, after quarter-end."
        )
        self._day(asked, "dana", "sofia", "rashid", comment="Load test repeated, still fine.")

    def _credit(
        self,
        version: str,
        model: int,
        *authors: str,
        answers: RetrainingRequest | None = None,
    ) -> list[ArtifactVersion]:
        """Build the API and register the model, with their reports."""
        people = [self.people[name] for name in authors]
        api = self.credit_ci.build("credit-api", version, *people)
        self.credit_ci.report(
            api, {"junit": reports.junit("credit-api.unit"), "sarif": reports.sarif()}
        )
        training = trained.TRAININGS[model]
        scored = trained.take_in(self.lab, training, people[0], answers)
        measured = reports.metrics(auc=training.auc, brier=training.brier, validation_rows=48211)
        reported = {"metrics": measured, "fairness": trained.fairness(training)}
        if not training.weak:
            reported["dvc"] = data.lock(model, training.loans)
            reported["datasets"] = data.tables(training.loans)
        self.credit_ci.report(scored, reported)
        return [api, scored]

    def first_model(self) -> None:
        """The first model and its API, all the way."""
        items = self._credit("1.4.0", 7, "lena")
        write_reviewed(items[1], self.people)
        bind_images(self.credit, {"credit-api": 2}, by=self.admin)
        bind_models(self.credit, by=self.admin)
        release = self.credit_ci.seal(
            "2026.11.1", *items, notes="Model 7, trained on 2019 to 2025."
        )
        asked = self.credit_ci.ask(release, self.credit.staging, "Model 7 in the shadow of 6.")
        self._day(asked, "mei", "viktor", comment="Reproduced from the same data.")
        asked = self.credit_ci.ask(release, self.credit.production, "Model 7 takes over.")
        self._day(asked, "viktor", "rashid", "ines")

    def could_not_start(self) -> None:
        """A definite no of the cluster; what ran before goes on."""
        images = self._payments("3.3.0", "dana", fault="broken-crash")
        release = self.payments_ci.seal("2026.11.1", *images, notes="New settlement engine.")
        asked = self.payments_ci.ask(release, self.payments.staging, "Try the settlement engine.")
        self.clock.pass_by(minutes=25)
        sign(asked, self.people["tom"])
        self.clock.pass_by(minutes=50)
        sign(asked, self.people["sofia"])
        deploy(asked, ChangeRequestState.FAILED)

    def repaired(self) -> None:
        """The same again, with the missing setting."""
        images = self._payments("3.3.1", "dana")
        release = self.payments_ci.seal(
            "2026.11.2", *images, notes="Settlement engine, with the setting that was missing."
        )
        asked = self.payments_ci.ask(release, self.payments.staging, "Settlement engine, repaired.")
        self._day(asked, "tom", "sofia")
        self.kept["settlement"] = release

    def withdrawn(self) -> None:
        """Asked too early."""
        asked = self.payments_ci.ask(
            self.kept["settlement"], self.payments.production, "Settlement engine goes live."
        )
        withdraw(
            asked.number,
            comment="We want one more day in staging first.",
            by=self.payments_ci.account,
        )

    def better_model(self) -> None:
        """Verified in staging; production is asked for later."""
        model = RegisteredModel.objects.get(registry=self.lab)
        answers = retrained.begin(
            model,
            "Applicants of the north are scored worse since the new income register came.",
            1187,
            by=self.people["mei"],
        )
        self.clock.pass_by(hours=3)
        items = self._credit("1.5.0", 8, "mei", answers=answers)
        write_provisional(items[1], self.people)
        release = self.credit_ci.seal("2026.11.2", *items, notes="Model 8: income is verified.")
        asked = self.credit_ci.ask(release, self.credit.staging, "Model 8 in staging.")
        self._day(asked, "lena", "viktor")
        self.kept["model-8"] = release

    def waiting(self) -> None:
        """One for everybody who signs."""
        live = self.payments_ci.ask(
            self.kept["settlement"], self.payments.production, "The settlement engine goes live."
        )
        self.clock.pass_by(minutes=35)
        sign(live, self.people["sofia"], "Scan is clean; the one high finding is not reachable.")
        self.clock.pass_by(hours=1)
        sign(live, self.people["rashid"])
        images = self._payments("3.4.0", "tom")
        release = self.payments_ci.seal("2026.11.3", *images, notes="Refunds within a day.")
        refunds = self.payments_ci.ask(release, self.payments.staging, "Refunds within a day.")
        self.clock.pass_by(hours=1)
        sign(refunds, self.people["priya"])
        images = self._payments("3.4.1", "tom")
        release = self.payments_ci.seal("2026.11.4", *images, notes="Cheaper currency conversion.")
        self.payments_ci.ask(release, self.payments.staging, "Currency conversion for staging.")
        model = self.credit_ci.ask(
            self.kept["model-8"], self.credit.production, "Model 8 takes over from model 7."
        )
        self.clock.pass_by(hours=2)
        sign(model, self.people["viktor"], "Challenger is better in every band.")
        items = self._credit("1.5.1", 9, "lena")
        release = self.credit_ci.seal("2026.11.3", *items, notes="Model 9: recalibrated.")
        self.credit_ci.ask(release, self.credit.staging, "Model 9 in staging.")
        items = self._credit("1.5.2", 10, "mei")
        release = self.credit_ci.seal("2026.11.4", *items, notes="Model 10: twelve features fewer.")
        self.credit_ci.ask(release, self.credit.staging, "Model 10, the simpler one, in staging.")

    def blocked(self) -> None:
        """A scan with a critical finding, a missing report, and a model that is worse for the young."""
        people = [self.people["dana"]]
        api = self.payments_ci.build("payments-api", "3.5.0", *people)
        worker = self.payments_ci.build("payments-worker", "3.5.0", *people)
        self.payments_ci.report(
            api,
            {
                "junit": reports.junit("payments-api.unit"),
                "metrics": reports.metrics(coverage=88.0, lines=4701, duration_minutes=7),
                "sarif": reports.sarif(critical=1, high=2),
            },
        )
        self.payments_ci.report(worker, {"junit": reports.junit("payments-worker.unit")})
        release = self.payments_ci.seal("2026.11.5", api, worker, notes="Standing orders.")
        self.payments_ci.ask(release, self.payments.staging, "Standing orders for staging.")
        model = RegisteredModel.objects.get(registry=self.lab)
        why = "October's loans are in; calibration has drifted by two points since August."
        retrained.begin(model, why, 1240, by=self.people["mei"])
        items = self._credit("1.5.3", 11, "lena")
        release = self.credit_ci.seal("2026.11.5", *items, notes="Model 11: half as many trees.")
        self.credit_ci.ask(release, self.credit.staging, "Model 11, the fast one, in staging.")
        trained.close_lab(self.lab, by=self.admin)

    def _settle(self, request: ChangeRequest) -> None:
        """Let the portal notice the new evidence, as its worker would."""
        reevaluate(request.number, by=the_portal())


def tell(story: Story, progress: Callable[[str], None]) -> None:
    """Let every chapter happen at its time."""
    for title, ago, deed in story.chapters():
        progress(title)
        with story.clock.at(timezone.now() - ago):
            deed()
