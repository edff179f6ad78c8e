"""PostgreSQL's own load generator: what the database can do when no Python stands before it."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from benchmarks.client import CLIENTS, Load
from benchmarks.machine import DATABASE, Machine
from portal.embedded.binaries import postgres_binary

_VERSION = r"""
\set artifact 5000 + :client_id
BEGIN;
SELECT id FROM catalog_artifact WHERE id = :artifact FOR NO KEY UPDATE;
INSERT INTO catalog_artifactversion (artifact_id, version, digest, uri, repository, commit, authors,
                                     build_url, registered_by_id, registered_at)
VALUES (:artifact, gen_random_uuid(), 'sha256:' || encode(sha256(gen_random_uuid()::text::bytea), 'hex'),
        'registry.example.com/service-1/part', 'https://git.example.com/service-1/part', repeat('0', 40),
        '[{"name": "Wanda Wood", "email": "wanda@example.com"}]', 'https://ci.example.com/builds/1', 1,
        now());
"""
BODY = (
    '{"actor":{"id":"usr_0123456789abcdef0123","kind":"service"},"data":{'
    '"build_url":"https://ci.example.com/builds/1","commit":"0000000000000000000000000000000000000000","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000",'
    '"kind":"image","number_of_authors":1,'
    '"repository":"https://git.example.com/service-1/part","uri":"registry.example.com/service-1/part"},'
    '"object":{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","id":1,'
    '"label":"part 1","type":"artifact-version"},"outcome":"success",'
    '"private":{"actor":"1234567890123456789012345678901234567890123",'
    '"address":"1234567890123456789012345678901234567890123"'
    ',"authors":"1234567890123456789012345678901234567890123"},'
    '"project":"service-1","source":{"channel":"api","request":"00000000-0000-0000-0000-000000000000"},"type":"catalog.artifact_version_registered"}'
)
"""What `register_artifact_version` says of itself."""
SEALED = (
    '{"usr_0123456789abcdef0123": {'
    '"actor": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0'
    'NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc=", '
    '"address": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0'
    'NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4", '
    '"authors": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0'
    'NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nw=="}}'
)
"""What it keeps under a key besides: three values, closed."""
_EVENT = """
WITH written AS (
    INSERT INTO audit_event (stream, body)
    VALUES ('artifact-version/' || currval('catalog_artifactversion_id_seq'), :body)
    RETURNING id, uid, stream_seq, recorded_at, leaf_hash
), disclosed AS (
    INSERT INTO audit_disclosure (event_id, sealed) SELECT id, :sealed::jsonb FROM written
)
SELECT id, uid, stream_seq, recorded_at, leaf_hash FROM written;
"""
_COMMIT = "COMMIT;\n"


VERSION = _VERSION + _COMMIT
"""What each client repeats: an artifact version as `register_artifact_version` writes it."""
VERSION_WITH_EVENT = _VERSION + _EVENT + _COMMIT


def pgbench(machine: Machine, script: str, seconds: float, clients: int = CLIENTS) -> Load:
    """Run the script as the application's role: prepared, ``:body`` and ``:sealed`` as parameters."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "script.sql"
        path.write_text(script)
        command = [os.fspath(postgres_binary("pgbench")), "--no-vacuum", "--protocol", "prepared"]
        command += ["--define", f"body={BODY}", "--define", f"sealed={SEALED}"]
        command += ["--client", str(clients), "--jobs", str(min(2, clients))]
        command += ["--time", str(max(1, round(seconds)))]
        command += ["--file", os.fspath(path), machine.postgres.url("gatehouse_app", DATABASE)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return _load(done.stdout)


def _load(said: str) -> Load:
    count = int(_found(r"actually processed: (\d+)", said))
    rate = float(_found(r"tps = ([\d.]+)", said))
    mean = float(_found(r"latency average = ([\d.]+)", said)) / 1000
    return Load(seconds=count / rate, latencies=[mean] * count)


def _found(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(f"pgbench said something else:\n{said}")
    return found[1]
