"""The examples of docs/evidence.md are evidence."""

import io
import re
from pathlib import Path

from releases.outcomes import EvidenceOutcome
from releases.parsers.junit import JUnitParser
from releases.parsers.metrics import MetricsParser

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")


def example(language):
    text = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]
    return io.BytesIO(text.encode())


def test_the_junit_example_has_a_pass_a_failure_and_a_skip():
    facts = JUnitParser().parse(example("xml"), limit=10**6).facts
    assert (facts["passed"], facts["failed"], facts["skipped"]) == (1, 1, 1)
    assert facts["duration_seconds"] == 1.7


def test_the_metrics_example_is_read():
    parsed = MetricsParser().parse(example("json"), limit=10**6)
    assert parsed.outcome is EvidenceOutcome.PASS
    assert parsed.facts["calibration"]["brier"] == 0.09
