import re

import pytest

from tests.frontend.vendor_files import VENDOR, manifest, sha256

FILES = [entry for package in manifest()["packages"] for entry in package["files"]]


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: entry["path"])
def test_a_vendored_file_is_the_one_in_the_manifest(entry):
    assert sha256(VENDOR / entry["path"]) == entry["sha256"]


def test_no_vendored_file_is_outside_the_manifest():
    present = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert present == {entry["path"] for entry in FILES} | {"manifest.json"}


@pytest.mark.parametrize("package", manifest()["packages"], ids=lambda package: package["package"])
def test_every_package_names_its_version_and_keeps_its_licence_beside_it(package):
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    licence = (VENDOR / package["licence_file"]).read_text("utf-8")
    assert "Copyright" in licence or package["licence"] == "0BSD"


def test_styles_refer_to_nothing_outside_static():
    for path in VENDOR.parent.rglob("*.css"):
        for reference in re.findall(r"url\(\s*[\"']?([^\"')]+)", path.read_text("utf-8")):
            inside = reference.startswith("data:") or (path.parent / reference).resolve().is_file()
            assert inside, f"{path.name} refers to {reference}"
