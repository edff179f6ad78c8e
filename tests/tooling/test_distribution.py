"""A file's tests run in one process, and what takes long begins first."""

from types import SimpleNamespace

from tests.support.distribution import ByFile


class Process:
    """Remembers what it was given."""

    gateway = SimpleNamespace(id="gw")
    shutting_down = False

    def __init__(self, collection):
        self.collection, self.given = collection, []

    def send_runtest_some(self, indices):
        self.given += [self.collection[index] for index in indices]

    def shutdown(self):
        self.shutting_down = True


def distributed(root, collection):
    """Say what each of two processes is given to begin with."""
    config = SimpleNamespace(
        getvalue={"tx": ["popen"] * 2}.get,
        option=SimpleNamespace(loadscopereorder=True),
        rootpath=root,
    )
    scheduler = ByFile(config)
    processes = [Process(collection), Process(collection)]
    for process in processes:
        scheduler.add_node(process)
        scheduler.add_node_collection(process, collection)
    scheduler.schedule()
    return [process.given for process in processes]


def of(file, count):
    return [f"{file}::test_it[{number}]" for number in range(count)]


def written(root, **files):
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)


def test_a_file_stays_together_and_a_slow_one_is_not_left_for_the_end(tmp_path):
    written(tmp_path, quick="", longer="", slow="@pytest.mark.slow")
    quick, longer, slow = of("quick.py", 4), of("longer.py", 5), of("slow.py", 3)
    assert distributed(tmp_path, [*quick, *longer, *slow]) == [slow, longer]


def test_what_shares_a_portal_of_its_own_stays_together(tmp_path):
    (tmp_path / "tests" / "faults").mkdir(parents=True)
    (tmp_path / "tests" / "faults" / "test_log.py").touch()
    written(tmp_path, longer="")
    sharing = [*of("tests/faults/test_wire.py", 2), *of("tests/faults/test_clock.py", 2)]
    alone, longer = of("tests/faults/test_log.py", 3), of("longer.py", 6)
    assert distributed(tmp_path, [*alone, *longer, *sharing]) == [sharing, longer]
