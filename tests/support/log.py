"""Writers of events past Django, and a sequencer that works while one waits."""

import os
from contextlib import contextmanager

import psycopg

from audit.publishing.reader import LogFiles
from audit.sequencer.batch import take_batch
from audit.sequencer.standing import settle_origin
from audit.signer.database import connect
from audit.signer.keys import KeyFile
from audit.signer.signing import Signer
from audit.tlog.keys import SigningKey
from audit.tlog.notes import open_checkpoint

ORIGIN = "log.example/gatehouse"
BODY = (
    '{{"actor":{{"id":"usr_1"}},"data":{{"n":{}}},'
    '"object":{{"id":1,"label":"x","type":"x"}},"type":"tests.plain"}}'
)


def url(role):
    """The address of this process's test database, as a role or as the superuser."""
    app = os.environ["DATABASE_URL"]
    return app.replace("gatehouse_app", f"gatehouse_{role}" if role != "postgres" else role)


@contextmanager
def connected(role, **options):
    with psycopg.connect(url(role), autocommit=True, **options) as connection:
        yield connection


def write(stream="thing/1", times=1, role="app"):
    """Commit events, one transaction for all."""
    with connected(role) as connection, connection.transaction():
        for number in range(times):
            insert(connection, stream, number)


def insert(connection, stream, number=0):
    statement = "INSERT INTO audit_event (stream, body) VALUES (%s, %s)"
    connection.execute(statement, [stream, BODY.format(number)])


def sequence(limit=5000):
    """Put everything that is committed into the tree; return how much that was."""
    with connected("sequencer") as connection:
        settle_origin(connection, ORIGIN)
        done = 0
        while taken := take_batch(connection, limit):
            done += taken
        return done


def rows(statement, *values, role="postgres"):
    with connected(role) as connection:
        found = connection.execute(statement, values or None)
        return found.fetchall() if found.description is not None else []


class Signing:
    """A signer with its key, its memory and its log in a directory of the test."""

    def __init__(self, home, *more_keys):
        self.home, self.root = home, home / "log"
        self.state_file, self.key_file = home / "state.json", home / "signer.key"
        self.key = SigningKey.generate(ORIGIN)
        self.use(self.key, *more_keys)
        self.signer = self.again()

    def use(self, *keys):
        self.key_file.write_text("".join(f"{key.written}\n" for key in keys))

    def again(self, **options):
        """A signer that was just started."""
        self.signer = Signer(self.root, self.state_file, KeyFile(self.key_file), **options)
        return self.signer

    def sign(self):
        """Sign what is in the tree; return whether anything was new."""
        with connect(url("signer")) as connection:
            return self.signer.step(connection)

    @property
    def files(self):
        return LogFiles(self.root)

    @property
    def checkpoint(self):
        return open_checkpoint(self.files.checkpoint(), [self.key.verifier])[0]

    @property
    def environment(self):
        """What a signer's process is told."""
        return {
            "LOG_ROOT": str(self.root),
            "SIGNER_STATE_FILE": str(self.state_file),
            "SIGNER_KEY_FILE": str(self.key_file),
            "LOG_ORIGIN": ORIGIN,
        }
