"""The ground every test stands on: a network, addresses, directories of its own."""

import itertools
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import network_namespace
from tests.leftovers import Census
from tests.network_namespace import Network

_network = pytest.StashKey[Network]()
_workers = pytest.StashKey[list[str]]()


# --- the network --------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Enter the worker's own network while no test module has been imported."""
    config.stash[_workers] = []
    if _starts_workers(config):
        return
    config.stash[_network] = network_namespace.enter()
    if hasattr(config, "workeroutput"):
        config.workeroutput["network"] = config.stash[_network].value
    else:
        config.stash[_workers].append(config.stash[_network].value)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs) -> None:
    """Start each worker inside a namespace when it will not have the right to make one."""
    python = network_namespace.wrapped()
    for spec in specs:
        if spec.popen and python is not None:
            spec.python = python


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """Keep what the worker said about its network."""
    said = getattr(node, "workeroutput", {}).get("network")
    if said is not None:
        node.config.stash[_workers].append(said)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the tests were sending."""
    said = terminalreporter.config.stash[_workers]
    for sentence in sorted(set(said)):
        terminalreporter.write_line(f"network: {sentence}")


def _starts_workers(config: pytest.Config) -> bool:
    is_worker = hasattr(config, "workerinput")
    return not is_worker and bool(config.getoption("tx", None))


@pytest.fixture(scope="session")
def network(pytestconfig: pytest.Config) -> Network:
    """Whether this worker sends in a network of its own."""
    return pytestconfig.stash[_network]


@pytest.fixture(scope="session")
def multicast_group(network: Network) -> Callable[[], str]:
    """A function giving a multicast address that nobody else uses, a new one at each call."""
    if network is Network.OWN:
        return map("239.192.{0[0]}.{0[1]}".format, _byte_pairs()).__next__
    chance = random.SystemRandom()
    given: set[str] = set()

    def draw() -> str:
        # 239.255.0.0/16 has tenants: SAP, mDNS relays, SSDP (RFC 2365 section 6.1).
        while (group := _random_group(chance)) in given:
            pass
        given.add(group)
        return group

    return draw


def _byte_pairs() -> Iterator[tuple[int, int]]:
    return itertools.product(range(256), range(1, 255))


def _random_group(chance: random.Random) -> str:
    return f"239.{chance.randrange(255)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function giving an even port, free with its neighbour above for UDP and TCP.

    Each call gives another one, below the range from which the kernel hands out ports itself.
    """
    ports = list(range(20_000, 32_000, 2))
    random.SystemRandom().shuffle(ports)
    left = iter(ports)
    return lambda: next(port for port in left if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind(("", port))
            except OSError:
                return False
    return True


# --- directories --------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def worker_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The worker's own place for temporary, runtime, state and cache files; its path is short.

    Fails the run when the tests leave a process, a thread, shared memory, or a file in the
    temporary or the runtime directory.
    """
    tmp_path_factory.getbasetemp()  # pytest's own directories stay where pytest puts them
    place = Path(tempfile.mkdtemp(prefix="srg-"))
    moved = {
        "TMPDIR": place / "tmp",
        "XDG_RUNTIME_DIR": place / "run",
        "XDG_STATE_HOME": place / "state",
        "XDG_CACHE_HOME": place / "cache",
    }
    before = {name: os.environ.get(name) for name in moved}
    for name, directory in moved.items():
        directory.mkdir(mode=0o700)
        os.environ[name] = str(directory)
    tempfile.tempdir = None
    census = Census(places=(moved["TMPDIR"], moved["XDG_RUNTIME_DIR"]))
    yield place
    left = census.leftovers()
    census.end_processes()
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
    tempfile.tempdir = None
    shutil.rmtree(place)
    if left:
        pytest.fail("the tests left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture
def run_directory(worker_directory: Path) -> Iterator[Path]:
    """An empty directory for the processes of one controller, removed after the test.

    Its path is some 30 characters long: a Unix socket in it must fit into 108 (unix(7)).
    """
    place = Path(tempfile.mkdtemp(prefix="r-", dir=worker_directory))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def state_directory(tmp_path: Path) -> Path:
    """An empty directory for what a controller keeps."""
    place = tmp_path / "state"
    place.mkdir()
    return place
