"""The witness as a process: over HTTP, killed and started again, without Django or a database."""

import os
import random
import socket
import stat
import subprocess
import sys
import threading
import time

import httpx
import pytest

from audit.tlog.keys import SigningKey, VerifierKey
from audit.tlog.notes import Note
from audit.witness.command import keys_in, run
from audit.witness.submission import SIZE_TYPE
from tests.audit.witness.process import CHECKOUT, WitnessProcess


@pytest.fixture
def process(log, tmp_path):
    running = WitnessProcess(tmp_path, str(log.key.verifier))
    yield running
    running.stop()


def test_it_cosigns_over_http(process, log):
    answer = process.add_checkpoint(log.submission())
    assert answer.status_code == 200
    keys = [VerifierKey.of(vkey) for vkey in process.vkeys]
    verified = Note.of(f"{log.note().text}\n{answer.text}".encode()).verified_by(keys)
    assert len(verified) == len(keys) == 2
    assert abs(verified[0].time - time.time()) < 30


def test_a_conflict_says_the_size_in_its_type(process, log):
    process.add_checkpoint(log.submission())
    answer = process.add_checkpoint(log.submission(0))
    assert (answer.status_code, answer.text) == (409, "5\n")
    assert answer.headers["content-type"] == SIZE_TYPE


def test_it_says_its_keys_and_what_it_holds(process, log):
    process.add_checkpoint(log.submission())
    about = httpx.get(process.url).text
    assert all(vkey in about for vkey in process.vkeys)
    assert log.note().text in about
    assert httpx.get(f"{process.url}/livez").status_code == 200
    assert httpx.get(f"{process.url}/etc/passwd").status_code == 404
    assert httpx.post(f"{process.url}/other", content=b"x").status_code == 404


def test_a_connection_is_kept_for_the_next_request(process, log):
    with httpx.Client(base_url=process.url) as client:
        for size, old in ((3, 0), (5, 3)):
            body = log.submission(old, size)
            assert client.post("/add-checkpoint", content=body).status_code == 200


def test_a_body_without_or_beyond_its_length_is_refused(process):
    answer = httpx.post(f"{process.url}/add-checkpoint", content=iter([b"x"]))
    assert answer.status_code == 411
    host, port = process.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(
            b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 999999999\r\n\r\n"
        )
        assert b" 413 " in connection.recv(100)


def test_one_of_two_contradicting_requests_at_once_wins(process, log):
    process.add_checkpoint(log.submission())
    bodies = [log.forked(at=5, to=9, prefix=f"world {n}").submission(5) for n in range(8)]
    answers = []
    threads = [
        threading.Thread(target=lambda body=body: answers.append(process.add_checkpoint(body)))
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]


def test_a_witness_that_is_killed_never_contradicts_itself(log, tmp_path):
    """Whatever it cosigned before a kill, what it cosigns afterwards continues it."""
    process = WitnessProcess(tmp_path, str(log.key.verifier))
    chance = random.Random(7)
    log.grow(2000)
    process.add_checkpoint(log.submission(0, 1))
    cosigned = asked = 1
    for _ in range(8):
        timer = threading.Timer(chance.uniform(0.02, 0.3), process.process.kill)
        timer.start()
        try:
            while True:
                asked += 1
                if process.add_checkpoint(log.submission(cosigned, asked)).status_code == 200:
                    cosigned = asked
        except httpx.HTTPError:
            pass
        timer.join()
        process.kill()
        process.start()
        held = int(process.add_checkpoint(log.submission(0)).text)
        assert cosigned <= held <= asked
        fork = log.forked(at=held - 1, to=held + 5)
        assert process.add_checkpoint(fork.submission(held)).status_code == 422
        cosigned = asked = held
    process.stop()


def test_it_needs_neither_django_nor_a_database():
    code = "import sys, audit.witness.command; print([m for m in sys.modules if 'django' in m])"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[]"


def test_manage_py_runs_it_without_settings(log, tmp_path):
    bare = {"PATH": os.environ["PATH"], "GATEHOUSE_HOME": str(tmp_path / "nothing")}
    process = WitnessProcess(
        tmp_path, str(log.key.verifier), command=("manage.py", "witness"), environment=bare
    )
    assert process.add_checkpoint(log.submission()).status_code == 200
    process.stop()


def test_the_key_file_is_made_once_and_for_its_owner_only(process, tmp_path):
    key = tmp_path / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    vkeys = process.vkeys
    process.stop()
    process.start()
    assert process.vkeys == vkeys
    assert [str(each.verifier) for each in keys_in(key)] == vkeys


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda home: (home / "key").chmod(0o644), "chmod 600"),
        (lambda home: (home / "key").write_text("no key"), "PRIVATE+KEY"),
        (lambda home: (home / "key").unlink(), "No such file"),
        (lambda home: (home / "key").write_text(SigningKey.generate("l").written), "cosignatures"),
    ],
    ids=["readable", "no key", "missing", "a log's key"],
)
def test_it_does_not_start_with_a_bad_key(tmp_path, capsys, prepare, sentence):
    (tmp_path / "key").touch(mode=0o600)
    prepare(tmp_path)
    log = str(SigningKey.generate("example.com/log").verifier)
    arguments = ["--state", str(tmp_path / "s"), "--key", str(tmp_path / "key"), "--log", log]
    assert run(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_it_does_not_start_without_a_log(tmp_path, capsys):
    arguments = ["--state", str(tmp_path / "s"), "--key", str(tmp_path / "key"), "--new-key", "w"]
    assert run(arguments) == 1
    assert "knows no log" in capsys.readouterr().err


def test_it_takes_the_logs_from_a_policy(tmp_path, log):
    policy = tmp_path / "policy"
    policy.write_text(f"log {log.key.verifier}\nquorum none\n")
    process = WitnessProcess(tmp_path, more=["--policy", str(policy)])
    assert process.add_checkpoint(log.submission()).status_code == 200
    process.stop()
