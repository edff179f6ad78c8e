"""A kind of evidence finds its parser by a name in the settings."""

import pytest

from releases.parsers import BrokenRegistry, EvidenceRejected, ParserRegistry
from releases.parsers.junit import JUnitParser

PATHS = {
    "junit": "releases.parsers.junit.JUnitParser",
    "metrics": "releases.parsers.metrics.MetricsParser",
    "sarif": "releases.parsers.sarif.SarifParser",
}


def test_a_parser_is_loaded_by_its_path_once():
    registry = ParserRegistry(PATHS)
    parser = registry.get("junit")
    assert isinstance(parser, JUnitParser)
    assert registry.get("junit") is parser


def test_every_parser_is_of_its_kind_and_has_a_version():
    registry = ParserRegistry(PATHS)
    assert registry.kinds == ("junit", "metrics", "sarif")
    assert [parser.kind for parser in registry.load_all()] == ["junit", "metrics", "sarif"]
    assert all(parser.version for parser in registry.load_all())


def test_an_unknown_kind_is_refused_and_names_the_known_ones():
    with pytest.raises(EvidenceRejected) as refused:
        ParserRegistry(PATHS).get("cyclonedx")
    assert refused.value.sentence == (
        "There is no evidence of kind 'cyclonedx'. Known kinds: junit, metrics, sarif."
    )
    assert list(refused.value.fields) == ["kind"]


@pytest.mark.parametrize(
    "path",
    ["nothing", "", "releases.nowhere.Parser", "releases.parsers.junit.Nothing", "json.dumps"],
)
def test_a_wrong_path_is_the_operators_mistake(path):
    with pytest.raises(BrokenRegistry, match="cannot be loaded"):
        ParserRegistry({"junit": path}).get("junit")


def test_a_parser_of_another_kind_is_refused():
    with pytest.raises(BrokenRegistry, match="kind metrics, not junit"):
        ParserRegistry({"junit": PATHS["metrics"]}).load_all()
