"""The files of controls, and what is wrong with broken ones."""

import pytest
import yaml

from audit.controls.catalogue import control_named, frameworks, read
from audit.controls.check import all_checks
from audit.controls.errors import BrokenCatalogue

GOOD = {
    "schema": "gatehouse.controls/v1",
    "framework": "house",
    "title": "House rules",
    "edition": "2026",
    "controls": [
        {"id": "H1", "title": "Reasons", "asks": "Say why.", "shown_by": ["reasons-given"]},
        {"id": "H2", "title": "Doors", "asks": "Lock them.", "left_to": "The caretaker shows it."},
    ],
}


def written(tmp_path, document):
    path = tmp_path / "house.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return path


def test_every_built_in_catalogue_is_read():
    keys = [each.key for each in frameworks()]
    assert keys == ["soc2", "iso27001", "pci-dss", "sr-26-2", "eu-ai-act", "21-cfr-11", "dora"]
    assert control_named("soc2/CC8.1").checks
    assert control_named("iso27001/A.8.32")
    assert control_named("eu-ai-act/Art.19")


def test_every_control_says_what_shows_it_or_who_must():
    for framework in frameworks():
        for control in framework.controls:
            assert control.checks or control.left_to, control.name


def test_every_check_shows_some_control():
    used = {
        check.name for of in frameworks() for control in of.controls for check in control.checks
    }
    assert used == set(all_checks())


def test_a_catalogue_of_ones_own_is_read(tmp_path):
    framework = read(written(tmp_path, GOOD))
    assert [each.name for each in framework.controls] == ["house/H1", "house/H2"]
    assert framework.controls[1].checks == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "gatehouse.controls/v2"}, r"house.yaml, \$.schema"),
        ({"controls": []}, "controls"),
        ({"owner": "me"}, "owner"),
        ({"framework": "../etc"}, "framework"),
        ({"controls": [{"id": "H1", "title": "T", "asks": "A."}]}, "controls"),
        ({"controls": [{**GOOD["controls"][0], "shown_by": ["nothing-of-ours"]}]}, "no check"),
        ({"controls": [GOOD["controls"][0]] * 2}, "H1 twice"),
        ({"controls": [{**GOOD["controls"][0], "id": "a/b"}]}, "does not match"),
    ],
    ids=["schema", "empty", "unknown", "key", "bare", "check", "twice", "slash"],
)
def test_a_broken_catalogue_is_refused_with_what_is_wrong(tmp_path, change, said):
    with pytest.raises(BrokenCatalogue, match=said):
        read(written(tmp_path, {**GOOD, **change}))


@pytest.mark.parametrize("text", ["a: [", "just words", "", "!!python/object:os.system {}"])
def test_what_is_no_catalogue_is_refused(tmp_path, text):
    with pytest.raises(BrokenCatalogue):
        read(written(tmp_path, text))
