"""The examples of docs/evidence.md are evidence."""

import io
import re
from pathlib import Path

from releases.outcomes import EvidenceOutcome
from releases.parsers.datasets import DatasetsParser
from releases.parsers.dvc import DvcParser
from releases.parsers.junit import JUnitParser
from releases.parsers.metrics import MetricsParser

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")


def example(language, number=0):
    text = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]
    return io.BytesIO(text.encode())


def test_the_junit_example_has_a_pass_a_failure_and_a_skip():
    facts = JUnitParser().parse(example("xml"), limit=10**6).facts
    assert (facts["passed"], facts["failed"], facts["skipped"]) == (1, 1, 1)
    assert facts["duration_seconds"] == 1.7


def test_the_metrics_example_is_read():
    parsed = MetricsParser().parse(example("json"), limit=10**6)
    assert parsed.outcome is EvidenceOutcome.PASS
    assert parsed.facts["calibration"]["brier"] == 0.09


def test_the_lock_of_the_example_names_one_data_set():
    parsed = DvcParser().parse(example("yaml"), limit=10**6)
    assert [each["name"] for each in parsed.facts["datasets"]] == ["data/loans.parquet"]
    assert parsed.facts["weakest"] == "strong"


def test_the_data_sets_of_the_example_are_read():
    parsed = DatasetsParser().parse(example("json", 1), limit=10**6)
    assert [each["algorithm"] for each in parsed.facts["datasets"]] == ["delta", "sha256"]
