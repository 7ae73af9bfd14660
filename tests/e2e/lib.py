"""What the whole-program tests share: cases, waiting, the daemon, its API, and an end that leaves nothing behind.

A test is a script of cases; each prints one line, `ok NAME` or `not ok NAME: reason`:

    from lib import Daemon, case, finish, wait_for

    with case("a post that is pushed is found"):
        ...assert...
    finish()

Nothing waits for a fixed time: `wait_for` polls until a deadline and says what it waited for. Everything started
through `start` (and every `Daemon`) is ended when the script ends, however it ends.

Environment: MINSHENG_BIN the program (default: the newest of target/debug and target/release), E2E_DIR an empty
directory (default: a temporary one), VENV a Python with aiosmtpd.
"""

import atexit
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MINSHENG_SHARED") or REPOSITORY.parent / "shared")

# Deadlines are for a machine that is busy with other things.
SOON = 30.0


def _directory():
    given = os.environ.get("E2E_DIR")
    if given:
        directory = Path(given)
        directory.mkdir(parents=True, exist_ok=True)
    else:
        directory = Path(tempfile.mkdtemp(prefix="ms-e2e."))
        if not os.environ.get("E2E_KEEP"):
            atexit.register(shutil.rmtree, directory, ignore_errors=True)
    # Servers that give up root have to pass through it.
    directory.chmod(0o711)
    return directory


def _program():
    given = os.environ.get("MINSHENG_BIN")
    if given:
        return Path(given)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
    built = [path for path in (target / "debug/minsheng", target / "release/minsheng") if path.exists()]
    if not built:
        sys.exit("no program to test: set MINSHENG_BIN, or run cargo build")
    return max(built, key=lambda path: path.stat().st_mtime)


def needs(module):
    """Goes on with the Python of VENV if this one lacks `module`."""
    try:
        __import__(module)
    except ImportError:
        python = Path(os.environ.get("VENV", "")) / "bin/python"
        if not os.environ.get("VENV") or Path(sys.executable) == python:
            sys.exit(f"{module} is missing: set VENV to a Python environment that has it")
        os.execv(python, [str(python), *sys.argv])


def command(name):
    """Where a program of the system is; its absence ends the test."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        sys.exit(f"{name} is missing")
    return path


# --- cases --------------------------------------------------------------------------------------------------

_failed = 0
_tried = 0


@contextlib.contextmanager
def case(name):
    """One case: what is asserted within. A case that fails does not end the script."""
    global _failed, _tried
    _tried += 1
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        _failed += 1
        traceback.print_exc(file=sys.stderr)
        reason = " ".join(str(error).split())[:400] or type(error).__name__
        print(f"not ok {name}: {reason}", flush=True)
    else:
        print(f"ok {name}", flush=True)
    print(f"# {name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def finish():
    """Ends the script with its exit status."""
    sys.exit(1 if _failed or not _tried else 0)


def wait_for(what, probe, deadline=SOON, every=0.1):
    """Polls `probe` until it gives something true, and gives that; fails saying `what` did not come, and the last
    thing that was seen or went wrong."""
    until = time.monotonic() + deadline
    while True:
        seen = None
        try:
            seen = probe()
            if seen:
                return seen
        except (AssertionError, OSError, http.client.HTTPException, ApiError) as error:
            seen = error
        if time.monotonic() >= until:
            raise AssertionError(f"waited {deadline:.0f} s for {what}; last seen: {seen!r}")
        time.sleep(every)


def same(found, expected, what="value"):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


# --- processes ----------------------------------------------------------------------------------------------

_started = []


def start(arguments, **options):
    """Starts a process in a group of its own; the whole group is ended with the script."""
    process = subprocess.Popen([str(argument) for argument in arguments], start_new_session=True, **options)
    _started.append(process)
    return process


def end(process, patience=12.0):
    """Asks a process to end, kills its group if it does not; gives its exit status."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)
    if process in _started:
        _started.remove(process)
    return process.returncode


@atexit.register
def _end_all():
    for process in reversed(list(_started)):
        end(process, patience=3.0)


def _told(number, _frame):
    sys.exit(128 + number)


for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, _told)


def free_port():
    """A port that was free just now. Servers that can should bind port 0 themselves."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(arguments, check=True, stdin="", deadline=120.0, **options):
    """Runs a command to its end; gives the finished process with `stdout` and `stderr` as text."""
    arguments = [str(argument) for argument in arguments]
    done = subprocess.run(
        arguments, input=stdin, capture_output=True, text=True, timeout=deadline, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done


# --- the daemon ---------------------------------------------------------------------------------------------

class ApiError(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:300].decode(errors='replace')}")
        self.status = status
        self.body = body


class Daemon:
    """`minsheng serve` on a data and a configuration directory of its own.

    `settings`, `sources`, `receivers` and `rules` are the texts of the files; `rules` defaults to those that ship.
    The console listens on a port that the system chose; `[web]` in `settings` is therefore this class's own, give
    further keys of it in `web`. `environment` is added to the process's, for secrets.
    """

    def __init__(self, name, settings="", sources="", receivers="", rules=None, web="", environment=None,
                 dictionaries=None):
        self.home = DIRECTORY / name
        self.data, self.config = self.home / "data", self.home / "config"
        self.dictionaries = Path(dictionaries or REPOSITORY / "dictionaries")
        self.environment = {**os.environ, **(environment or {})}
        self.log_path = self.home / "daemon.log"
        self.process = None
        self.address = None
        self.token = None
        self.greeting = []
        self._log_begins = 0
        (self.config / "sources").mkdir(parents=True)
        self.write("minsheng.toml", f'[web]\nlisten = "127.0.0.1:0"\n{web}\n{settings}')
        self.write("receivers.toml", receivers)
        if sources:
            self.write("sources/e2e.toml", sources)
        shipped = REPOSITORY / "config"
        self.write("rules.toml", (shipped / "rules.toml").read_text() if rules is None else rules)
        self.write("departments.toml", (shipped / "departments.toml").read_text())

    def write(self, name, text):
        """Writes a file of the configuration in one step, as a careful editor does."""
        path = self.config / name
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(text)
        fresh.replace(path)

    def cli(self, *arguments, check=True, stdin="", deadline=120.0):
        """Runs the program's command line on this daemon's directories."""
        places = ["--data", self.data, "--config", self.config, "--dictionaries", self.dictionaries]
        return run([PROGRAM, *places, *arguments], check=check, stdin=stdin, deadline=deadline,
                   env=self.environment)

    def make_token(self, role="admin"):
        """Makes a token, by the command line."""
        return self.cli("token", "create", f"e2e {role}", "--role", role).stdout.strip()

    def start(self, ready=True, deadline=60.0):
        """Starts the daemon, with a token of an administrator made before its first start, and waits until it is
        ready."""
        if self.token is None:
            self.token = self.make_token()
        self._log_begins = len(self.log())
        log = self.log_path.open("ab")
        places = ["--data", self.data, "--config", self.config, "--dictionaries", self.dictionaries]
        self.process = start([PROGRAM, *places, "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=log, env=self.environment)
        log.close()
        self.greeting, self.address = [], None
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        wait_for("the console's address", self._running, deadline)
        if ready:
            wait_for("readyz", lambda: self.get("/readyz", raw=True), deadline)
        return self

    def _listen(self, process):
        for line in process.stdout:
            self.greeting.append(line.decode(errors="replace").rstrip("\n"))

    def _running(self):
        status = self.process.poll()
        if status is not None:
            raise SystemExit(f"the daemon ended with {status} at its start:\n{self.log()[-2000:]}")
        # The greeting names the console's address for people, which may be a proxy's.
        found = re.search(r'"listening":"([^"]+):(\d+)"', self.log()[self._log_begins:])
        self.address = (found.group(1), int(found.group(2))) if found else None
        return self.address

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    def log(self):
        """What it wrote to standard error so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stop(self):
        """Stops it as a service manager does; fails if it does not end well."""
        process, self.process = self.process, None
        status = end(process)
        assert status == 0, f"the daemon ended with {status}: {self.log()[-600:]}"

    def kill(self):
        """Ends it as a power cut of the process would."""
        process, self.process = self.process, None
        process.kill()
        end(process)

    def request(self, method, path, body=None, headers=None, token=None, deadline=30.0):
        """One request; gives status, headers and body, whatever they are."""
        connection = http.client.HTTPConnection(*self.address, timeout=deadline)
        try:
            sent = {"Authorization": f"Bearer {token or self.token}", **(headers or {})}
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _answer(self, method, path, body=None, headers=None, raw=False):
        status, _, answer = self.request(method, path, body, headers)
        if not 200 <= status < 300:
            raise ApiError(status, answer)
        return answer.decode() if raw else json.loads(answer)

    def get(self, path, raw=False, **query):
        if query:
            path = f"{path}?{urllib.parse.urlencode(query, doseq=True)}"
        return self._answer("GET", path, raw=raw)

    def post(self, path, body=None, headers=None):
        sent = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        return self._answer("POST", path, sent, {"Content-Type": "application/json", **(headers or {})})

    def push(self, *posts):
        """Pushes posts as JSON lines; gives `{"accepted","duplicates","rejected"}`."""
        lines = "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in posts).encode()
        return self._answer("POST", "/api/v1/posts", lines, {"Content-Type": "application/x-ndjson"})

    def everything(self, path, **query):
        """All items of a list, page by page."""
        items, cursor = [], {}
        while True:
            page = self.get(path, limit=500, **query, **cursor)
            items += page["items"]
            if not page.get("next"):
                return items
            cursor = {"cursor": page["next"]}

    def incidents(self, **query):
        return self.everything("/api/v1/incidents", **query)

    def notifications(self, **query):
        return self.everything("/api/v1/notifications", **query)


def files_holding(directory, words):
    """Which of `words` stand, in UTF-8, in which files below `directory`: a set of (word, file)."""
    found = set()
    for path in sorted(Path(directory).rglob("*")):
        if path.is_file():
            held = path.read_bytes()
            found.update((word, path.name) for word in words if word.encode() in held)
    return found


PROGRAM = _program()
DIRECTORY = _directory()
