"""A log in memory, whose history can be told in two ways."""

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.keys import SigningKey
from audit.tlog.merkle import consistency_path, leaf_hash, root_of
from audit.tlog.notes import Note, sign_checkpoint
from audit.witness.submission import Submission

ORIGIN = "gatehouse.example.com/log"


class Log:
    def __init__(self, entries=0, *, key=None, origin=ORIGIN, prefix="entry"):
        self.key = key or SigningKey.generate(origin)
        self.origin = origin
        self.leaves = []
        self.grow(entries, prefix=prefix)

    def grow(self, count, prefix="entry"):
        start = len(self.leaves)
        self.leaves += [leaf_hash(f"{prefix} {n}".encode()) for n in range(start, start + count)]
        return self

    def forked(self, at, to, prefix="other"):
        """A log with the same key and the same first entries, and others after them."""
        other = Log(key=self.key, origin=self.origin)
        other.leaves = self.leaves[:at]
        return other.grow(to - at, prefix)

    def node(self, height, index):
        return root_of(self.leaves[index << height : (index + 1) << height])

    def path(self, old, new=None):
        return tuple(consistency_path(old, new or len(self.leaves), self.node)) if old else ()

    def note(self, size=None, *, keys=None) -> Note:
        size = len(self.leaves) if size is None else size
        checkpoint = Checkpoint(self.origin, size, root_of(self.leaves[:size]))
        return sign_checkpoint(checkpoint, keys or [self.key], at=0)

    def submission(self, old=0, size=None, *, path=None, keys=None) -> bytes:
        size = len(self.leaves) if size is None else size
        path = self.path(old, size) if path is None else path
        return bytes(Submission(old, tuple(path), bytes(self.note(size, keys=keys))))
