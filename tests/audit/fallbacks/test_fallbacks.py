"""Checkpoints by mail, in a Git repository, in a store that keeps what it was given."""

import subprocess
from smtplib import SMTPRecipientsRefused

import pytest

from audit.fallbacks.directory import AppendOnlyDirectory
from audit.fallbacks.git import commit_checkpoint
from audit.fallbacks.hand_out import hand_out, mail_out
from audit.fallbacks.port import NotKept
from audit.models import Event
from audit.tlog.notes import open_checkpoint
from tests.audit.sealing import SealedLog


def git(place, *arguments):
    done = subprocess.run(
        ["git", "-C", str(place), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path):
    remote, copy = tmp_path / "remote.git", tmp_path / "copy"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(tmp_path, "clone", "--quiet", str(remote), str(copy))
    return copy


def test_a_store_keeps_what_it_was_given(tmp_path):
    store = AppendOnlyDirectory(str(tmp_path))
    store.put("log/00000000000000000005", b"five")
    store.put("log/00000000000000000005", b"five")
    with pytest.raises(NotKept, match="another checkpoint of the same size"):
        store.put("log/00000000000000000005", b"other five")
    [file] = (tmp_path / "log").iterdir()
    assert file.read_bytes() == b"five"
    assert file.stat().st_mode & 0o222 == 0


def test_a_store_that_is_missing_is_told(tmp_path):
    with pytest.raises(NotKept, match="is missing"):
        AppendOnlyDirectory(str(tmp_path / "nothing")).put("a", b"a")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotKept):
        AppendOnlyDirectory(str(tmp_path)).put("file/a", b"a")


def test_each_checkpoint_is_a_commit_and_is_pushed(repository):
    assert commit_checkpoint(repository, "o.example/log", 1, b"one\n")
    assert not commit_checkpoint(repository, "o.example/log", 1, b"one\n")
    assert commit_checkpoint(repository, "o.example/log", 2, b"two\n")
    remote = git(repository, "remote", "get-url", "origin").strip()
    told = git(remote, "log", "--format=%s%n%an", "--all")
    assert told.split("\n")[:3] == [
        "o.example/log: 2 entries",
        "Gatehouse",
        "o.example/log: 1 entries",
    ]


def test_git_that_refuses_is_told(tmp_path, repository):
    (tmp_path / "plain").mkdir()
    with pytest.raises(NotKept, match="git add"):
        commit_checkpoint(tmp_path / "plain", "o.example/log", 1, b"one\n")
    git(repository, "remote", "set-url", "origin", str(tmp_path / "gone"))
    with pytest.raises(NotKept, match="git push"):
        commit_checkpoint(repository, "o.example/log", 1, b"one\n")


@pytest.mark.django_db(transaction=True)
def test_the_newest_checkpoint_goes_to_every_place(tmp_path, settings, repository, mailoutbox):
    log = SealedLog(tmp_path / "log", settings)
    (tmp_path / "store").mkdir()
    settings.CHECKPOINT_STORE_PLACE = str(tmp_path / "store")
    settings.CHECKPOINT_GIT_DIRECTORY = str(repository)
    settings.CHECKPOINT_MAIL_TO = ["auditor@example.org"]
    assert hand_out() == mail_out() == []
    assert mailoutbox == []  # nothing is signed yet

    note = log.grow(3)
    assert hand_out() == mail_out() == []
    [kept] = (tmp_path / "store").glob("*/*")
    [committed] = (repository / "checkpoints").iterdir()
    [mail] = mailoutbox
    assert kept.read_bytes() == committed.read_bytes() == bytes(note)
    assert mail.to == ["auditor@example.org"]
    assert bytes(note).decode() in mail.body
    [(name, content, _)] = mail.attachments
    checkpoint, _, _ = open_checkpoint(content, [log.key.verifier])
    assert (name, checkpoint.size) == ("checkpoint-3.txt", 3)


@pytest.mark.django_db(transaction=True)
def test_a_place_that_is_away_keeps_the_others_from_nothing(tmp_path, settings, repository):
    log = SealedLog(tmp_path / "log", settings)
    log.grow(3)
    settings.CHECKPOINT_STORE_PLACE = str(tmp_path / "missing")
    settings.CHECKPOINT_GIT_DIRECTORY = str(repository)
    [trouble] = hand_out()
    assert "is missing" in trouble
    assert (repository / "checkpoints").is_dir()


@pytest.mark.django_db(transaction=True)
def test_what_a_mail_server_says_of_people_does_not_get_into_the_log(
    tmp_path, settings, monkeypatch
):
    SealedLog(tmp_path / "log", settings).grow(1)
    settings.CHECKPOINT_MAIL_TO = ["auditor@example.org"]

    def refuses(*args):
        raise SMTPRecipientsRefused({"auditor@example.org": (550, b"unknown")})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuses)
    [trouble] = mail_out()
    assert "auditor@example.org" in trouble
    event = Event.objects.get(type="audit.alarm_raised")
    assert (event.facts["data"]["kind"], event.facts["data"]["about"]) == ("unkept", "mail")
    assert b"auditor@example.org" not in bytes(event.entry)


@pytest.mark.django_db(transaction=True)
def test_without_a_place_nothing_is_handed_out(tmp_path, settings):
    SealedLog(tmp_path / "log", settings).grow(3)
    settings.CHECKPOINT_STORE_PLACE = settings.CHECKPOINT_GIT_DIRECTORY = ""
    settings.CHECKPOINT_MAIL_TO = []
    assert hand_out() == mail_out() == []
