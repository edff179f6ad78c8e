"""The container files, read as an engine would read them (no engine is at hand here)."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from audit.tlog.keys import SigningKey
from portal.settings import env

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
OURS = ["web", "worker", "beat", "migrate", "sequencer", "signer", "courier", "streamer", "mlflow"]


def test_compose_holds_every_process_of_the_design():
    names = {
        "postgres",
        "valkey",
        "web",
        "worker",
        "beat",
        "sequencer",
        "signer",
        "courier",
        "streamer",
    }
    assert names <= SERVICES.keys()


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_every_lasting_service_has_a_health_check_and_is_restarted(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_run_as_nobody_in_particular_and_hold_no_privilege(name):
    service = SERVICES[name]
    uid, gid = service["user"].split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_the_environment(name):
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|_KEY|TOKEN|DATABASE_URL|REDIS_URL|OWNER_URL", variable):
            assert variable.endswith("_FILE"), variable
            assert value.startswith(("/run/secrets/", f"${{{variable}:-"))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_secret_that_is_named_is_handed_out(name):
    service = SERVICES[name]
    said = yaml.safe_dump(service)
    named = set(re.findall(r"/run/secrets/(\w+)", said))
    assert named <= set(service.get("secrets", []))
    assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()


def test_the_database_script_finds_every_password_it_reads():
    handed_out = set(SERVICES["postgres"]["secrets"])
    script = (CHECKOUT / "docker/postgres-init.sh").read_text()
    roles = re.search(r"for role in ([\w ]+);", script).group(1).split()
    assert {f"{role.removeprefix('gatehouse_')}_password" for role in roles} <= handed_out
    assert "/gatehouse/roles.sql" in script


def test_postgres_is_initialised_with_the_roles_of_the_audit_app():
    mounts = [mount.split(":") for mount in SERVICES["postgres"]["volumes"]]
    assert ["./audit/sql/roles.sql", "/gatehouse/roles.sql", "ro"] in mounts
    for source, *_ in mounts:
        assert not source.startswith("./") or (CHECKOUT / source).is_file(), source


def test_only_the_migration_connects_as_the_owner():
    holders = {
        name
        for name, service in SERVICES.items()
        if "database_owner_url" in service.get("secrets", [])
    }
    assert holders == {"migrate"}
    assert SERVICES["migrate"]["environment"]["GATEHOUSE_DB_ROLE"] == "owner"


def test_nothing_but_web_and_mlflow_is_reachable_and_these_from_this_machine_only():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"web", "mlflow"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_worker_takes_every_queue_that_tasks_are_routed_to(settings):
    from portal.celery import app  # noqa: PLC0415 -- configures Celery

    queues = {route["queue"] for route in app.conf.task_routes.values()}
    queues.add(app.conf.task_default_queue)
    taken = next(word for word in SERVICES["worker"]["command"] if word.startswith("--queues="))
    assert queues <= set(taken.removeprefix("--queues=").split(","))


def test_the_web_knows_how_many_threads_it_has():
    command = re.search(r"^CMD (\[.*\])", stages()["gatehouse"].replace("\\\n", ""), re.MULTILINE)
    words = yaml.safe_load(command.group(1))
    assert f"WEB_THREADS={words[words.index('--threads') + 1]} " in stages()["gatehouse"]


def test_what_opens_clusters_and_executors_is_the_workers():
    holders = {
        name: mount.rpartition("/credentials")[2]
        for name, service in SERVICES.items()
        for mount in service.get("volumes", [])
        if "docker/credentials" in mount
    }
    assert holders == {"worker": ":ro", "web": "/models:ro"}


def test_who_checks_an_address_knows_the_hosts_inside_that_may_be_called():
    # The web when it is typed in, the others when they call it.
    asked = [SERVICES[name]["environment"] for name in ("web", "worker", "courier", "streamer")]
    assert {each["OUTGOING_ALLOWED_HOSTS"] for each in asked} == {
        "${OUTGOING_ALLOWED_HOSTS:-mlflow}"
    }


def test_mlflow_and_the_portal_may_call_each_other_by_the_names_they_have_here():
    assert "mlflow:5000," in SERVICES["mlflow"]["environment"]["MLFLOW_SERVER_ALLOWED_HOSTS"]
    assert SERVICES["web"]["environment"]["ALLOWED_HOSTS"].endswith(",web")


def test_web_starts_only_after_the_migrations():
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }


def stages() -> dict[str, str]:
    parts = re.split(r"^FROM \S+ AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_image_has_the_programs_that_are_called():
    called = set()
    for app in ("audit", "catalog", "deployments", "integrations", "models_registry", "releases"):
        for file in (CHECKOUT / app).rglob("*.py"):
            text = file.read_text()
            if "import subprocess" in text:
                called |= set(re.findall(r"""= \["(\w+)", """, text))
    assert called == {"git"}
    assert "--no-install-recommends git openssh-client " in stages()["gatehouse"]


def test_checkpoints_are_committed_where_the_worker_may_write():
    """The root of its container is read-only; the image makes the directory, so that it is user 10001's."""
    assert "checkpoints:/var/lib/gatehouse/checkpoints" in SERVICES["worker"]["volumes"]
    made = stages()["gatehouse"].partition("install -d -o gatehouse")[2].partition("USER")[0]
    for name in ("evidence", "packs", "pack-key", "stream", "checkpoints"):
        assert f"/var/lib/gatehouse/{name}" in made.split()


def test_the_image_is_built_in_stages_and_leaves_the_tools_behind():
    assert list(stages())[-1] == "gatehouse"
    assert {"packages", "runtime"} <= stages().keys()
    for name in ("runtime", "gatehouse"):
        assert "pip install" not in stages()[name]


@pytest.mark.parametrize("stage", ["gatehouse", "mlflow"])
def test_an_image_runs_without_root_and_says_how_it_is(stage):
    text = stages()[stage]
    assert "USER 10001:10001" in text
    assert "HEALTHCHECK" in text
    assert text.index("USER 10001") < text.index("CMD [")


def test_targets_of_compose_are_stages_of_the_dockerfile():
    targets = {s["build"]["target"] for s in SERVICES.values() if "build" in s}
    assert targets <= stages().keys()


def test_packages_of_the_images_are_installed_by_their_hashes():
    installs = re.findall(
        r"(?:pip install|uv pip sync).*?(?=\n\n|&&|\nFROM)", DOCKERFILE, re.DOTALL
    )
    assert len(installs) == 3
    assert all("--require-hashes" in install for install in installs)


def test_what_is_copied_into_the_image_exists_and_is_not_ignored():
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    wanted = [line[1:] for line in ignored if line.startswith("!")]
    for pattern in wanted:
        assert list(CHECKOUT.glob(pattern)), pattern
    for source in re.findall(r"^COPY (?!--from)(?:--\S+ )?(\S+) ", DOCKERFILE, re.MULTILINE):
        assert source == "." or (CHECKOUT / source).exists(), source
    assert "secrets" not in wanted


@pytest.mark.parametrize("script", sorted((CHECKOUT / "docker").glob("*.sh")), ids=lambda p: p.name)
def test_scripts_are_executable_and_parse(script):
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_the_secrets_script_writes_every_secret_once_and_keeps_it(tmp_path):
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker" / "make-secrets.sh"
    script.write_bytes((CHECKOUT / "docker" / "make-secrets.sh").read_bytes())
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    written = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert written.keys() == COMPOSE["secrets"].keys()
    assert all(len(text) >= 40 for text in written.values())
    assert written["app_password"] in written["database_url"]
    assert SigningKey.of(written["signer_key"].strip()).name == "localhost/gatehouse"
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == written
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_the_log_s_key_is_made_for_the_host_in_the_env_file_and_for_no_other(tmp_path):
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker" / "make-secrets.sh"
    script.write_bytes((CHECKOUT / "docker" / "make-secrets.sh").read_bytes())
    (tmp_path / ".env").write_text('GATEHOUSE_HOST="gatehouse.example.com"\n')
    bare = {"PATH": os.environ["PATH"]}
    subprocess.run(["sh", str(script)], check=True, capture_output=True, env=bare)
    key = (tmp_path / "secrets" / "signer_key").read_text()
    assert SigningKey.of(key.strip()).name == "gatehouse.example.com/gatehouse"
    (tmp_path / ".env").unlink()
    again = subprocess.run(["sh", str(script)], check=False, capture_output=True, env=bare)
    assert again.returncode == 1
    assert b"the key of another log than localhost/gatehouse" in again.stderr
    assert (tmp_path / "secrets" / "signer_key").read_text() == key


def test_a_secret_is_read_from_the_file_that_its_variable_names(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("sesame\n")
    monkeypatch.setenv("SOME_KEY_FILE", os.fspath(tmp_path / "key"))
    assert env.env_str("SOME_KEY") == "sesame"


def test_a_setting_that_makes_no_sense_is_refused_at_start(monkeypatch):
    monkeypatch.setenv("SOME_MODE", "SOMETIMES")
    with pytest.raises(ImproperlyConfigured, match="must be ALWAYS or NEVER, not 'SOMETIMES'"):
        env.env_choice("SOME_MODE", ("ALWAYS", "NEVER"), default="NEVER")
    monkeypatch.setenv("SOME_DAYS", "0")
    with pytest.raises(ImproperlyConfigured, match="must be at least 1, not 0"):
        env.env_int("SOME_DAYS", default=7, least=1)


def test_the_credentials_of_the_bucket_are_the_workers():
    holders = [
        name
        for name, service in SERVICES.items()
        if any("docker/checkpoints" in str(mount) for mount in service.get("volumes", []))
    ]
    assert holders == ["worker"]


def test_the_signer_s_key_and_memory_are_its_own():
    holders = [name for name, s in SERVICES.items() if "signer_key" in s.get("secrets", [])]
    assert holders == ["signer"]
    kept = {"log:/var/lib/gatehouse/log", "signer:/var/lib/gatehouse/signer"}
    writers = [name for name, s in SERVICES.items() if kept & set(s.get("volumes", []))]
    assert writers == ["signer"]
    assert not any("DATABASE_URL" in name for name in SERVICES["signer"]["environment"])
