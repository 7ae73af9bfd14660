#!/usr/bin/env python3
"""The dead-man's switch from both sides: the daemon's heartbeat comes while it lives and stops with it; `minsheng watch`
calls when the daemon answers nothing, once, and tells when it is back."""

import json
import os
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib import DIRECTORY, PROGRAM, Daemon, case, end, finish, run, same, start, wait_for


class Listener:
    """A web server that keeps what is posted to it; `answer` is the status it gives."""

    def __init__(self):
        self.heard, self.answer = [], 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                listener.heard.append((self.path, body))
                self.send_response(listener.answer)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"OK\n")

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def main():
    beats, calls = Listener(), Listener()
    allow = f'[outward]\nallow = ["127.0.0.1:{beats.port}", "127.0.0.1:{calls.port}"]\n'
    heartbeat = '[heartbeat]\nurl_env = "BEAT"\nevery = "5s"\n'
    secret = {"BEAT": f"http://127.0.0.1:{beats.port}/0b9a-secret"}
    daemon = Daemon("desk", settings=allow, receivers=heartbeat, environment=secret)

    with case("silence: a heartbeat that cannot be sent is named by `check`, with its line"):
        for table, named in [('url = "ftp://x/"', "no http or https address"), ('url_env = "NOWHERE"', "NOWHERE is not set"),
                             ('every = "1m"', "one of url, url_env, url_file"), ('url_env = "BEAT"\nevery = "1s"', "5s to 1h")]:
            daemon.write("receivers.toml", f"[heartbeat]\n{table}\n")
            checked = daemon.cli("check", check=False)
            same(checked.returncode, 2, "status of `check`")
            assert named in checked.stderr and "receivers.toml:1" in checked.stderr, checked.stderr
        daemon.write("receivers.toml", heartbeat)
        same(daemon.cli("check").returncode, 0, "status of `check`")

    with case("silence: the heartbeat comes while the daemon lives, says how it is, and its address stands in no log"):
        daemon.start()
        wait_for("two beats", lambda: len(beats.heard) >= 2)
        path, line = beats.heard[-1]
        same(path, "/0b9a-secret", "path")
        assert line.startswith("ready; sequence=") and "dead=0" in line, line
        assert "0b9a" not in daemon.log(), "the address of the heartbeat in the log"

    with case("silence: an address that nobody knows is an error in the log, and the daemon goes on"):
        beats.answer = 404
        wait_for("the word in the log", lambda: "nobody knows the heartbeat's address" in daemon.log())
        beats.answer = 200
        same(daemon.request("GET", "/healthz")[0], 200, "health")

    watching = DIRECTORY / "watch"
    watching.mkdir()
    (watching / "minsheng.toml").write_text(allow)
    (watching / "receivers.toml").write_text(
        f'[[receiver]]\nname = "call"\nkind = "webhook"\n[receiver.webhook]\nurl = "http://127.0.0.1:{calls.port}/call"\n'
        'secret_env = "HOOK"\n')
    url = f"http://{daemon.address[0]}:{daemon.address[1]}/"
    environment = {**os.environ, "HOOK": "whsec_" + "QUJD" * 10, "MINSHENG_TOKEN": daemon.token}

    def watch(*arguments):
        return [PROGRAM, "watch", url, "--config", watching, *arguments]

    with case("silence: `watch` names what is wrong with its own settings"):
        for arguments, named in [(["--receiver", "nobody"], 'no receiver "nobody"'), (["--every", "soon"], "--every")]:
            answer = run(watch(*arguments), check=False, env=environment)
            same(answer.returncode, 2, f"status with {arguments}")
            assert named in answer.stderr, answer.stderr
        same(run(watch("--once"), env=environment).stdout, "well\n", "a look at a daemon that is well")

    with case("silence: when the daemon answers nothing `watch` calls once, and tells when it is back"):
        log = (DIRECTORY / "watch.log").open("ab")
        watcher = start(watch("--every", "1s", "--after", "2s"), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        os.kill(daemon.process.pid, signal.SIGSTOP)
        silent = len(beats.heard)
        wait_for("the call", lambda: calls.heard, deadline=60)
        told = json.loads(calls.heard[0][1])
        same((told["status"], told["alerts"][0]["labels"]["incident"]), ("firing", "WATCH"), "what is told")
        assert "没有应答" in told["alerts"][0]["annotations"]["why"], told
        assert "尚不清楚" not in calls.heard[0][1], "what is unknown of an incident that there is not"
        assert len(beats.heard) <= silent + 1, "a daemon that is stopped sends a heartbeat"
        once = run(watch("--once"), check=False, env=environment)
        same(once.returncode, 1, "status of a look at a daemon that is silent")
        os.kill(daemon.process.pid, signal.SIGCONT)
        wait_for("the word that it is back", lambda: len(calls.heard) >= 2, deadline=60)
        same([json.loads(body)["status"] for _, body in calls.heard], ["firing", "resolved"], "the calls")
        end(watcher)
        log.close()
        said = (DIRECTORY / "watch.log").read_text()
        assert environment["HOOK"] not in said and daemon.token not in said, "a secret in the log of the watch"
    daemon.stop()
    finish()


main()
