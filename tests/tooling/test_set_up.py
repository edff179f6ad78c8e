"""`make` alone sets everything up, from locks that name no address."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LOCKS = sorted((CHECKOUT / "requirements").glob("*.lock"))


@pytest.fixture
def install(tmp_path, monkeypatch):
    """requirements/install.py with a checkout of its own."""
    spec = importlib.util.spec_from_file_location(
        "install", CHECKOUT / "requirements" / "install.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("bootstrap", "base", "dev"):
        (tmp_path / f"{name}.lock").write_text(f"{name}==1\n")
    environment = tmp_path / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").touch()
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "VENV", environment)
    monkeypatch.setattr(module, "PYTHON", environment / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", environment / ".ready")
    monkeypatch.setattr(module, "LOCK_FILE", tmp_path / "home" / "install.lock")
    return module


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address_and_a_hash_for_every_package(lock):
    text = lock.read_text()
    assert "://" not in text
    for package in re.split(r"\n(?=[a-z])", text):
        assert "--hash=sha256:" in package, package.splitlines()[0]


def test_what_runs_is_what_was_tested():
    base, dev = pins(LOCKS[0]), pins(CHECKOUT / "requirements" / "dev.lock")
    assert LOCKS[0].name == "base.lock"
    assert base.items() <= dev.items()


@pytest.mark.parametrize("level", ["base", "dev"])
def test_everything_asked_for_is_locked(level):
    wanted = re.findall(
        r"^([A-Za-z0-9.-]+)", (CHECKOUT / f"requirements/{level}.in").read_text(), re.MULTILINE
    )
    names = {name.lower() for name in wanted if not name.startswith("-")}
    assert names <= pins(CHECKOUT / f"requirements/{level}.lock").keys()


def test_an_environment_is_used_until_its_lock_changes(install):
    assert not install.is_ready("base")
    install.STAMP.write_text(install.wanted("base"))
    assert install.is_ready("base")
    assert not install.is_ready("dev")
    (install.HERE / "base.lock").write_text("base==2\n")
    assert not install.is_ready("base")


def test_who_installed_the_tools_has_what_the_portal_needs_and_keeps_both(install):
    install.STAMP.write_text(install.wanted("dev"))
    assert install.is_ready("base")
    (install.HERE / "dev.lock").write_text("dev==2\n")
    assert not install.is_ready("base")
    assert install.installed_level("base") == "dev"


def test_a_moved_checkout_gets_a_new_environment(install, monkeypatch, tmp_path):
    install.STAMP.write_text(install.wanted("base"))
    monkeypatch.setattr(install, "VENV", tmp_path / "elsewhere")
    assert not install.is_ready("base")


def test_without_a_usable_python_make_says_where_to_get_one(tmp_path):
    for tool in ("make", "sh", "echo"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    done = subprocess.run(
        ["make", "-s", "base"],
        cwd=CHECKOUT, env={"PATH": os.fspath(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "no Python 3.11 or newer with venv was found" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert "PYTHON=/path/to/python3.11" in done.stderr


def test_make_explains_its_targets():
    done = subprocess.run(
        ["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    said = {line.split()[0] for line in done.stdout.splitlines() if line[:1].isalpha()}
    assert {"run", "test", "lint", "bench", "lock", "test-cluster", "reset"} <= said


def test_nothing_that_is_generated_is_committed():
    done = subprocess.run(
        ["git", "ls-files", "-ci", "--exclude-standard"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""
