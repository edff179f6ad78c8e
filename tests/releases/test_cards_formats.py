"""Model cards as other tools write them: what is taken, what is left out and said, what is refused."""

import io
import json

import pytest

from releases.cards.content import cleaned
from releases.cards.fields import BY_NAME
from releases.cards.lines import read_typed, typed
from releases.cards.reading import read_card
from releases.parsers.errors import EvidenceRejected

README = """---
license: apache-2.0
language: no
pipeline_tag: tabular-classification
datasets:
- loans
base_model: acme/base
model-index:
- name: credit
  results:
  - task:
      type: tabular-classification
    dataset:
      name: validation
      type: loans
      split: test
    metrics:
    - type: auc
      value: 0.803
      name: AUC
    - type: brier
      value: 0.137
---

# Credit

Decides on loans.

## Uses

### Direct Use

- Consumer loans up to 50,000.
- Not alone:
  a person decides.

### Out-of-Scope Use

Mortgages.

## Bias, Risks, and Limitations

<!-- This section is meant to convey risks. -->

Thin files are judged badly.

## Training Details

[More Information Needed]

## How to Get Started

```python
# not a heading
```
"""
GOOGLE = {
    "schema_version": "0.0.2",
    "model_details": {
        "name": "credit",
        "overview": "Decides on consumer loans.",
        "owners": [{"name": "Wanda Wood", "contact": "wanda@example.com"}],
        "licenses": [{"identifier": "Apache-2.0"}],
        "references": [{"reference": "https://example.com/paper"}, {"reference": "see the wiki"}],
        "version": {"name": "8", "date": "2026-11-20"},
    },
    "model_parameters": {
        "model_architecture": "gradient boosting",
        "data": [
            {
                "name": "loans",
                "description": "2019 to 2026",
                "link": "https://example.com/loans",
                "sensitive": {"sensitive_data": ["income", "age"]},
                "graphics": {"collection": [{"name": "ages", "image": "iVBORw0KGgo="}]},
            }
        ],
        "input_format_map": [{"key": "income", "value": "EUR"}],
        "output_format": "a probability",
    },
    "quantitative_analysis": {
        "performance_metrics": [
            {
                "type": "auc",
                "value": "0.769",
                "slice": "age=18-30",
                "confidence_interval": {"lower_bound": "0.75", "upper_bound": "0.79"},
            },
            {"type": "auc", "value": 0.803},
        ]
    },
    "considerations": {
        "users": [{"description": "Loan officers"}],
        "use_cases": [{"description": "Consumer loans"}],
        "limitations": [{"description": "Thin files"}],
        "tradeoffs": [{"description": "Speed for accuracy"}],
        "ethical_considerations": [{"name": "Age", "mitigation_strategy": "Fairness gate"}],
    },
}


def cyclonedx(**card):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {"type": "library", "name": "numpy"},
            {
                "type": "machine-learning-model",
                "name": "credit",
                "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
                "licenses": [{"license": {"id": "MIT"}}],
                "modelCard": card,
            },
        ],
    }


def read(document, digest=""):
    raw = document if isinstance(document, bytes) else document.encode()
    return read_card(io.BytesIO(raw), digest=digest)


def left(found):
    return {each.path: each.why for each in found.left}


def test_front_matter_results_and_sections_of_a_readme_are_taken():
    found = read(README)
    assert found.kind == "huggingface"
    assert found.content["licence"] == "Apache-2.0"
    assert found.content["task"] == "tabular-classification"
    assert found.content["datasets"] == [{"name": "loans"}]
    assert found.content["metrics"][0] == {
        "type": "auc",
        "value": "0.803",
        "slice": "validation test",
    }
    assert found.content["intended_use"] == [
        "Consumer loans up to 50,000.",
        "Not alone: a person decides.",
    ]
    assert found.content["out_of_scope"] == ["Mortgages."]
    assert found.content["limitations"] == ["Thin files are judged badly."]
    assert found.content["references"][0]["url"] == "https://huggingface.co/acme/base"


def test_what_a_readme_says_beyond_the_card_is_listed():
    paths = left(read(README))
    assert "language" in paths
    assert "model-index[0].results[0].dataset.type" in paths
    assert "section 'How to Get Started'" in paths
    assert not any("Training Details" in path for path in paths)


def test_scalars_of_front_matter_stay_the_text_that_was_written():
    found = read("---\nlicense: no\npipeline_tag: 2026-11-20\n---\n")
    assert (found.content["licence"], found.content["task"]) == ("no", "2026-11-20")


def test_everything_of_googles_card_that_has_a_place_is_taken():
    found = read(json.dumps(GOOGLE))
    assert found.kind == "google"
    assert found.content["overview"] == "Decides on consumer loans."
    assert found.content["inputs"] == ["income: EUR"]
    assert found.content["metrics"] == [
        {"type": "auc", "value": "0.769", "slice": "age=18-30", "low": "0.75", "high": "0.79"},
        {"type": "auc", "value": "0.803"},
    ]
    assert found.content["datasets"][0]["sensitive"] == "income; age"
    assert found.content["ethics"] == [{"name": "Age", "mitigation": "Fairness gate"}]


def test_owners_pictures_and_broken_references_are_left_out_with_the_reason():
    paths = left(read(json.dumps(GOOGLE)))
    assert "person with an account" in paths["model_details.owners[0].name"]
    assert "model_parameters.data[0].graphics.collection[0].image" in paths
    assert "no address" in paths["model_details.references[1]"]
    assert "model_details.version.date" in paths
    assert not any("Wanda" in f"{path}{why}" for path, why in paths.items())


def test_a_cyclonedx_card_is_found_among_the_components():
    found = read(
        json.dumps(
            cyclonedx(
                modelParameters={
                    "approach": {"type": "supervised"},
                    "task": "classification",
                    "datasets": [
                        {
                            "type": "dataset",
                            "name": "loans",
                            "contents": {"url": "s3://lake/loans"},
                            "sensitiveData": ["income"],
                            "governance": {
                                "owners": [{"organization": {"name": "Retail"}}],
                                "stewards": [{"contact": {"name": "Wanda Wood"}}],
                            },
                        },
                        {"ref": "loans-2"},
                    ],
                },
                considerations={
                    "useCases": ["loans"],
                    "environmentalConsiderations": {"properties": [{"name": "co2", "value": "2"}]},
                },
            )
        )
    )
    assert found.content["approach"] == "supervised"
    assert found.content["licence"] == "MIT"
    assert found.content["datasets"] == [
        {"name": "loans", "link": "s3://lake/loans", "sensitive": "income", "owner": "Retail"}
    ]
    paths = left(found)
    parameters = "components[1].modelCard.modelParameters"
    assert f"{parameters}.datasets[1].ref" in paths
    assert f"{parameters}.datasets[0].governance.stewards[0].contact.name" in paths
    assert any("environmentalConsiderations" in path for path in paths)


def test_a_card_of_other_content_is_said_to_be_one():
    document = json.dumps(cyclonedx(considerations={"users": ["officers"]}))
    assert "other content" in left(read(document, digest=f"sha256:{'b' * 64}"))["hashes"]
    assert "hashes" not in left(read(document, digest=f"sha256:{'a' * 64}"))


def test_one_bad_row_loses_no_other():
    card = {"quantitativeAnalysis": {"performanceMetrics": [{"type": "auc"}, {"value": "1"}]}}
    card["quantitativeAnalysis"]["performanceMetrics"].append({"type": "f1", "value": "0.5"})
    found = read(json.dumps(cyclonedx(**card)))
    assert found.content["metrics"] == [{"type": "f1", "value": "0.5"}]
    path = "modelCard.quantitativeAnalysis.performanceMetrics"
    assert left(found)[f"{path}[0]"] == "auc has no value."
    assert left(found)[f"{path}[1]"] == "Metric is missing."


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
TWO = cyclonedx(considerations={"users": ["a"]})
TWO["components"].append(TWO["components"][1])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<xml/>", "This is no model card. Known are"),
        ("", "empty"),
        ("[1]", "JSON, but no model card"),
        ('{"hello": 1}', "JSON, but no model card"),
        ('{"bomFormat": "CycloneDX", "specVersion": "1.4"}', "CycloneDX 1.4; model cards are read"),
        ('{"bomFormat": "CycloneDX", "specVersion": "1.7"}', "no component of type"),
        (json.dumps(TWO), "has 2 model cards (credit, credit)"),
        ('{"bomFormat": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "twice"),
        ("{" * 3000, "JSON"),
        ('{"schema_version": "0.0.9", "model_details": {}}', "schema 0.0.9"),
        ('{"model_details": {"path": "/x"}}', "says nothing that a card of ours"),
        (f"---\n{BOMB}---\n", "uses YAML anchors or aliases (line 2); write the value out"),
        ("---\nlicense: mit\n", "has no end"),
        ("---\nlicense: [mit\n---\n", "The front matter is not YAML:"),
        (
            "---\nlicense: mit\nlicense: apache-2.0\n---\n",
            "The front matter has the name license twice in one mapping (line 3).",
        ),
        ("---\n- license\n---\n", "is no object"),
        ("---\n? [a]\n: b\n---\n", "a name that is no text"),
        (f"---\na: {'[' * 30}{']' * 30}\n---\n", "nested deeper than 20"),
        (f"---\na: [{'x,' * 100_001}]\n---\n", "more than 100000 values"),
        (b"---\nlicense: \xff\n---\n", "not UTF-8"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_what_is_no_card_is_refused_with_a_sentence(document, said):
    with pytest.raises(EvidenceRejected) as refused:
        read(document)
    assert said in refused.value.sentence


def test_tags_of_yaml_run_nothing():
    with pytest.raises(
        EvidenceRejected, match=r"uses the YAML tag tag:yaml\.org,2002:python/object"
    ):
        read("---\nlicense: !!python/object/apply:os.system ['true']\npipeline_tag: t\n---\n")


@pytest.mark.parametrize(
    ("content", "field", "said"),
    [
        ({"wisdom": "x"}, "wisdom", "has no field 'wisdom'"),
        ({"users": "officers"}, "users", "must be a list"),
        ({"users": [7]}, "users", "Point 1: this must be text"),
        ({"users": ["x" * 2001]}, "users", "at most 2000 characters; this has 2001"),
        ({"users": ["x"] * 101}, "users", "at most 100 points"),
        ({"task": "a\0b"}, "task", "control character"),
        ({"approach": "magic"}, "approach", "none of supervised"),
        ({"metrics": [{"value": "1"}]}, "metrics", "Row 1: Metric is missing"),
        ({"metrics": [{"type": "auc"}]}, "metrics", "Row 1: auc has no value"),
        ({"metrics": [{"type": "auc", "p": "1"}]}, "metrics", "no object with type, value"),
        ({"references": [{"url": "javascript:alert(1)"}]}, "references", "begins with https"),
        ({"references": [{"url": "https://x", "type": "y"}]}, "references", "'y' is none of"),
        ({"datasets": [{"name": "a", "link": "s3://a b"}]}, "datasets", "no spaces"),
    ],
)
def test_a_field_that_cannot_hold_it_says_why(content, field, said):
    from catalog.errors import InvalidInput  # noqa: PLC0415 -- needs Django

    with pytest.raises(InvalidInput) as refused:
        cleaned(content)
    assert said in refused.value.fields[field][0]


def test_points_go_through_the_form_and_come_back():
    field = BY_NAME["users"]
    written = typed(field, ["Loan officers", "Clerks"])
    assert written == "Loan officers\nClerks"
    assert read_typed(field, f"\r\n{written}\r\n  \r\n") == ["Loan officers", "Clerks"]
