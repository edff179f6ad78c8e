"""The values of an ordinary day that the gallery shows."""

import functools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Thing
from typing import Any

from django import forms

from catalog.templatetags.looks import LOOKS

NOW = datetime.now(UTC) - timedelta(hours=3)
DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OTHER = "sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
POLICY = """gates:
  - name: All tests pass
    when: evidence.junit.failures == 0
approvals:
  - rule: Security
    required: 1
"""
STATES = list(LOOKS)


class Decision(forms.Form):
    statement_digest = forms.CharField(widget=forms.HiddenInput, initial=DIGEST)
    comment = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text="A rejection needs one; an approval may have one.",
    )


class Filter(forms.Form):
    q = forms.CharField(
        label="Words", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    project = forms.ChoiceField(
        choices=[("", "All projects"), ("payments", "Payments")], required=False
    )
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


class Account(forms.Form):
    name = forms.SlugField(help_text="Lower case, digits and hyphens.")
    kind = forms.ChoiceField(choices=[("ci", "CI"), ("sync", "Sync")])
    scopes = forms.MultipleChoiceField(
        choices=[("evidence", "Upload evidence"), ("release", "Seal releases")],
        widget=forms.CheckboxSelectMultiple,
    )
    expires = forms.BooleanField(label="Expires after 90 days", required=False)


def decision() -> Thing:
    return Thing(
        may_decide=True,
        form=Decision(),
        approve_url="/approve/",
        reject_url="/reject/",
        statement_digest=DIGEST,
        signs_for=["Security"],
    )


def change_request() -> dict[str, Any]:
    return {
        "crumbs": [("Projects", "/"), ("Payments", "/"), ("production", "/")],
        "passage": Thing(
            environment="production",
            environment_tier="Production, third of 3",
            old_release="4.11.2",
            old_since=NOW - timedelta(days=9),
            old_url="/",
            new_release="4.12.0",
            new_detail="verified in staging",
            new_url="/",
        ),
        "phases": [
            Thing(name="Submitted", state="done", detail="09:12"),
            Thing(name="Checks", state="done", detail="5 of 5 pass"),
            Thing(name="Approvals", state="current", detail="2 of 4 signed"),
            Thing(name="Deploy", state="waiting"),
            Thing(name="Verify", state="waiting"),
        ],
        "blocking": [
            "No coverage report has arrived for payments-api 4.12.0. Upload one to this artifact version.",
            "Security needs one more signature: Ada Nwosu or Tom Berger.",
        ],
        "rows": [
            Thing(
                name="payments-api",
                kind="image",
                change="changed",
                old=OTHER,
                new=DIGEST,
                old_detail="4.11.2",
                new_detail="4.12.0",
                is_digest=True,
                url="/",
            ),
            Thing(
                name="payments-worker",
                kind="image",
                change="unchanged",
                old=OTHER,
                new=OTHER,
                old_detail="4.11.2",
                new_detail="4.11.2",
                is_digest=True,
                url="/",
            ),
            Thing(
                name="receipt-renderer",
                kind="image",
                change="added",
                old="",
                new=DIGEST,
                new_detail="1.0.0",
                is_digest=True,
                url="/",
            ),
            Thing(
                name="Coverage",
                kind="metric",
                change="changed",
                old="84.1 %",
                new="86.7 %",
                new_detail="2.6 points more",
            ),
            Thing(name="fraud-score", kind="model", change="removed", old="version 12", new=""),
        ],
        "gates": [
            Thing(
                name="Coverage is at least 80 %",
                outcome="inconclusive",
                detail="No evidence of kind coverage stands for payments-api 4.12.0.",
                remedy="Upload a coverage report for this version.",
                expression="evidence.coverage.line_rate >= 0.80",
            ),
            Thing(
                name="No critical finding",
                outcome="fail",
                detail="The scan found 1 critical finding: CVE-2026-1187 in libxml2.",
                remedy="Ship a version without it, or ask Risk for a waiver.",
                evidence_url="/",
                evidence_label="Trivy report",
            ),
            Thing(
                name="Verified in staging",
                outcome="pass",
                detail="This release has run in staging since 20 November.",
                evidence_url="/",
                evidence_label="CR-9",
            ),
            Thing(
                name="Licences are allowed",
                outcome="waived",
                detail="GPL-3.0 in receipt-renderer.",
                waived_by="Ines Okafor",
                waived_until=NOW + timedelta(days=20),
            ),
            Thing(
                name="All tests pass",
                outcome="pass",
                detail="1,284 tests passed, 0 failed, 3 were skipped.",
                evidence_url="/",
                evidence_label="JUnit report",
            ),
        ],
        "rules": [
            Thing(
                name="Engineering",
                required=2,
                given=2,
                missing=0,
                sentence="2 of Engineering",
                signatures=[
                    Thing(
                        name="Jonas Falk",
                        decision="approved",
                        when=NOW,
                        comment="Read the diff of the acquirer client; retry budget is right.",
                    ),
                    Thing(name="Priya Raman", decision="approved", when=NOW),
                ],
            ),
            Thing(
                name="Security",
                required=1,
                given=0,
                missing=1,
                eligible=["Ada Nwosu", "Tom Berger"],
                signatures=[
                    Thing(
                        name="Tom Berger",
                        decision="approved",
                        when=NOW,
                        voided_because="The scan report changed after this signature.",
                    ),
                ],
                excluded=[
                    Thing(name="Marta Lindqvist", reason="Requested this change."),
                    Thing(
                        name="Sam Ortiz", reason="Wrote commit 4fe21c0, which is in this release."
                    ),
                ],
            ),
            Thing(name="Product owner", required=1, given=0, missing=1, eligible=[]),
        ],
        "steps": [
            Thing(name="Take the environment", state="done", seconds=1, detail=""),
            Thing(
                name="Apply the manifests",
                state="done",
                seconds=4,
                detail="2 workloads in payments-prod",
            ),
            Thing(
                name="Wait for the rollout",
                state="running",
                seconds=41,
                detail="payments-api: 2 of 3 pods ready",
            ),
            Thing(name="Verify by digest", state="waiting", seconds=None, detail=""),
        ],
        "entries": [
            Thing(
                sentence="Marta Lindqvist asked to put payments 4.12.0 on production.",
                when=NOW,
                state="submitted",
                actor="Marta Lindqvist",
                url="/",
                number=4181,
                seal="sealed",
            ),
            Thing(
                sentence="Five gates were evaluated: 3 let through, 2 hold up.",
                when=NOW,
                state="blocked",
                actor="Gatehouse",
                url="/",
                number=4182,
                seal="sealed",
            ),
            Thing(
                sentence="Jonas Falk approved for Engineering.",
                when=NOW,
                state="approved",
                detail="Read the diff of the acquirer client; retry budget is right.",
                url="/",
                number=4186,
                seal="recorded",
            ),
        ],
        "decision": decision(),
    }


def inbox() -> dict[str, Any]:
    row = functools.partial(
        Thing,
        url="/",
        when=NOW,
        requested_by="Marta Lindqvist",
        requested_by_kind="person",
        risk="",
        kind="promotion",
        action_label="",
    )
    return {
        "tabs": [
            Thing(label="For you", url="/", is_current=True, count=2),
            Thing(label="Your requests", url="/", is_current=False, count=1),
            Thing(label="All open", url="/", is_current=False, count=None),
        ],
        "requests": [
            row(
                label="CR-12",
                state="awaiting_approval",
                project="Payments",
                release="4.12.0",
                environment="production",
                ask="Security waits for your signature.",
                risk="high",
                action_label="Review",
            ),
            row(
                label="CR-14",
                state="awaiting_approval",
                project="Credit scoring",
                release="2026.11.3",
                environment="staging",
                ask="Risk and compliance waits for your signature.",
                kind="emergency",
                action_label="Review",
            ),
            row(
                label="CR-15",
                state="blocked",
                project="Payments",
                release="4.13.0-rc.1",
                environment="staging",
                ask="Your request is blocked: no coverage report has arrived.",
                requested_by="ci-payments",
                requested_by_kind="service",
            ),
            row(
                label="CR-11",
                state="deploying",
                project="Payments",
                release="4.11.3",
                environment="dev",
                ask="",
            ),
        ],
    }


def project() -> dict[str, Any]:
    run = functools.partial(Thing, digest=DIGEST, is_approved=True)
    card = functools.partial(
        Thing,
        url="/",
        release_url="/",
        since=NOW - timedelta(days=4),
        notices=[],
        waiting=[],
        action_url="",
        action_label="",
    )
    return {
        "crumbs": [("Projects", "/")],
        "tabs": [
            Thing(label="Environments", url="/", is_current=True, count=None),
            Thing(label="Releases", url="/", is_current=False, count=18),
            Thing(label="Artifacts", url="/", is_current=False, count=4),
            Thing(label="People", url="/", is_current=False, count=14),
        ],
        "environments": [
            card(
                name="dev",
                tier="Development",
                release="4.13.0",
                verdict="as_approved",
                runs=[
                    run(name="payments-api", version="4.13.0"),
                    run(name="payments-worker", version="4.13.0"),
                ],
                action_url="/",
                action_label="Promote 4.13.0 to staging",
            ),
            card(
                name="staging",
                tier="Staging",
                release="4.12.0",
                verdict="not_approved",
                runs=[
                    run(name="payments-api", version="4.12.0"),
                    run(name="payments-worker", version="unknown", digest=OTHER, is_approved=False),
                ],
                notices=[
                    Thing(
                        tone="bad",
                        text="payments-worker runs an image that nobody approved, since 11:02.",
                        title="",
                        icon="",
                    )
                ],
            ),
            card(
                name="production",
                tier="Production",
                release="4.11.2",
                verdict="as_approved",
                runs=[run(name="payments-api", version="4.11.2")],
                notices=[
                    Thing(
                        tone="warn",
                        title="Frozen until Monday 08:00",
                        text="Year-end close. Ask Ines Okafor.",
                        icon="snowflake",
                    )
                ],
                waiting=[Thing(label="CR-12 to 4.12.0", url="/", state="awaiting_approval")],
            ),
            card(
                name="disaster-recovery",
                tier="Production",
                release="",
                release_url="",
                since=None,
                verdict="empty",
                runs=[],
            ),
        ],
        "releases": [
            Thing(
                version="4.13.0", digest=DIGEST, by="ci-payments", kind="service", state="sealed"
            ),
            Thing(
                version="4.12.0",
                digest=OTHER,
                by="Marta Lindqvist",
                kind="person",
                state="deployed",
            ),
        ],
    }


def parts() -> dict[str, Any]:
    return {
        "states": STATES,
        "digest": DIGEST,
        "evidence": [
            Thing(
                name="JUnit report",
                kind="junit",
                outcome="pass",
                sha256=DIGEST,
                received_at=NOW,
                received_from="ci-payments",
                parser="junit 1",
                facts=[
                    ("tests", "1284"),
                    ("failures", "0"),
                    ("skipped", "3"),
                    ("duration", "4 min 12 s"),
                ],
                download_url="/",
            ),
            Thing(
                name="",
                kind="metrics",
                outcome="error",
                sha256=OTHER,
                received_at=NOW,
                received_from="ci-payments",
                problem="The document is not JSON: it ends after 18 bytes.",
                valid_until=NOW,
                is_expired=True,
            ),
        ],
        "filter_form": Filter({"q": "approved"}),
        "wrong_form": Account({"name": "No Good", "kind": "ci"}),
        "code": POLICY,
    }


class Anybody(forms.Form):
    login = forms.CharField(label="Name or e-mail")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    remember = forms.BooleanField(label="Keep me signed in on this device", required=False)


def navigation() -> Thing:
    places = [
        ("Inbox", "inbox", 2),
        ("Projects", "stack-2", 0),
        ("Policies", "scale", 0),
        ("Audit", "history", 0),
        ("People", "users", 0),
        ("Machines", "robot", 0),
    ]
    return Thing(
        main=[
            Thing(label=label, icon=icon, count=count, url="/", is_current=not position)
            for position, (label, icon, count) in enumerate(places)
        ],
        search_url="/search/",
        search_term="",
        account=Thing(
            name="Ada Nwosu",
            username="ada.nwosu",
            items=[Thing(label="Change password", icon="key", url="/")],
            logout_url="/logout/",
        ),
    )
