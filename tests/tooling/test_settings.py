"""The variables of an installation: what is read, what is documented, and what the containers set agree."""

import re
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
READ_BY = [*CHECKOUT.glob("portal/settings/*.py"), *CHECKOUT.glob("audit/**/*.py")]
OF_MAKE_RUN = {"MLFLOW_TRACKING_URI", "SANDBOX_CLUSTER_URL", "SANDBOX_CLUSTER_CREDENTIALS"}
"""The demo's; nobody sets them by hand."""
OF_OTHERS = re.compile(
    "GIT_PYTHON_REFRESH|PATH|PGDATA|PYTHON[A-Z]+|REMAP_SIGTERM|TMPDIR|UV_.+|POSTGRES_.+"
    "|MLFLOW_(?:DISABLE_TELEMETRY|SERVER_.+|WEBHOOK_.+)"
)
"""Read by other programs than ours."""


def read():
    """The names that our settings and the log's own processes read."""
    call = re.compile(r"""\b(?:env_(?:str|bool|int|list|choice)|variable)\(\s*"([A-Z0-9_]+)\"""")
    found = {name for path in READ_BY for name in call.findall(path.read_text())}
    return found | {"DJANGO_SETTINGS_MODULE"}


def documented():
    """The names that stand in the operators' table of settings."""
    page = (CHECKOUT / "docs" / "operators.md").read_text()
    table = page.partition("\n## Settings\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([A-Z0-9_]+)`", cell)}


def set_in_containers():
    """The settings that compose and the image set."""
    named = {
        name for service in COMPOSE["services"].values() for name in service.get("environment", ())
    }
    image = re.sub(r"\\\n", " ", (CHECKOUT / "Dockerfile").read_text())
    for line in re.findall(r"^ENV (.*)$", image, re.MULTILINE):
        named |= set(re.findall(r"([A-Z0-9_]+)=", line))
    return {setting_of(name) for name in named if not OF_OTHERS.fullmatch(name)}


def setting_of(variable):
    """The setting, also where the variable names the file that holds it."""
    return variable if variable in read() else variable.removesuffix("_FILE")


def words_of(pages):
    return {word for page in pages for word in re.findall(r"\b[A-Z][A-Z0-9_]+\b", page.read_text())}


def test_every_setting_that_is_read_is_documented():
    assert read() - words_of(CHECKOUT.glob("docs/*.md")) <= OF_MAKE_RUN


def test_every_setting_in_the_operators_table_is_read():
    assert documented() - read() == set()


def test_every_variable_of_the_containers_is_read():
    assert set_in_containers() - read() == set()


def test_what_compose_takes_from_its_env_file_is_documented():
    taken = re.findall(r"\$\{([A-Z0-9_]+)", (CHECKOUT / "docker-compose.yml").read_text())
    pages = words_of([*CHECKOUT.glob("docs/*.md"), *CHECKOUT.glob("docker/*/README.md")])
    assert {setting_of(name) for name in taken} <= pages
