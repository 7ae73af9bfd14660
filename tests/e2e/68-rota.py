#!/usr/bin/env python3
"""The rota: a rule that names a layer reaches who is on duty and nobody else, a change of the file changes that at once;
`check` names times without anybody, `rota` and the page show the coming days; working days are counted by the calendar."""

import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib import Daemon, case, finish, same, wait_for

HERE = datetime.timezone(datetime.timedelta(hours=8))
TODAY = datetime.datetime.now(HERE).date()
RULES = """
[[rule]]
name = "grave-post"
title = "重大单帖"
when = { post = "orange" }
receivers = ["@duty"]
"""
CLOCKS = """
[[clock]]
name = "answer"
title = "答复"
limit = "3workdays"
until = "responded"
"""
GRAVE = ["槐荫巷化工厂爆炸，死伤十几人，急需救援", "云锦苑电梯坠落，三人被困，一人重伤流血，急需救援"]


class Hooks:
    """Two webhooks, by path, that keep what they hear."""

    def __init__(self):
        self.heard = {"li": [], "wang": []}
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hooks.heard[self.path.strip("/")].append(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def rota(first, until=None):
    """`first` is on duty from yesterday on, each of the two a week; with `until` there is a hole after that day."""
    people = "".join(f'[[person]]\nname = "{name}"\ntitle = "{title}"\nreceivers = ["{name}"]\n'
                     for name, title in (("li", "李工"), ("wang", "王工")))
    second = "wang" if first == "li" else "li"
    starts = TODAY - datetime.timedelta(days=1) if until is None else until
    return people + f'[[layer]]\nname = "duty"\ntitle = "值班员"\npeople = ["{first}", "{second}"]\nturn = "week"\nstarts = "{starts}"\nhandover = "00:00"\n'


def main():
    hooks = Hooks()
    allow = f'[outward]\nallow = ["127.0.0.1:{hooks.port}"]\n'
    receivers = "".join(f'[[receiver]]\nname = "{name}"\nkind = "webhook"\n[receiver.webhook]\n'
                        f'url = "http://127.0.0.1:{hooks.port}/{name}"\nsecret_env = "HOOK"\n' for name in hooks.heard)
    daemon = Daemon("desk", settings=allow, receivers=receivers, rules=RULES, environment={"HOOK": "whsec_" + "QUJD" * 10})
    daemon.write("clocks.toml", CLOCKS)

    with case("rota: `check` names unknown people, receivers and layers, and times in which nobody is on duty"):
        checked = daemon.cli("check", check=False)
        same(checked.returncode, 2, "status without a rota")
        assert 'unknown receiver `@duty`' in checked.stderr, checked.stderr
        daemon.write("rota.toml", rota("li").replace('["li"]', '["lee"]'))
        checked = daemon.cli("check", check=False)
        assert 'unknown receiver `lee`' in checked.stderr and "rota.toml:1" in checked.stderr, checked.stderr
        daemon.write("rota.toml", rota("li", until=TODAY + datetime.timedelta(days=3)))
        checked = daemon.cli("check")
        assert "nobody is on duty from" in checked.stderr and "rota.toml:" in checked.stderr, checked.stderr
        daemon.write("calendar.toml", "")
        assert "the holidays of" in daemon.cli("check").stderr

    with case("rota: a rule that names a layer reaches who is on duty and nobody else"):
        daemon.write("rota.toml", rota("li"))
        daemon.start()
        daemon.push({"id": "1", "source": "forum", "text": GRAVE[0]})
        wait_for("word to who is on duty", lambda: hooks.heard["li"])
        same(hooks.heard["wang"], [], "what the other one heard")

    with case("rota: three working days are told and are over at the end of one"):
        incident = daemon.incidents()[0]
        due = next(clock["due_at"] for clock in incident["clocks"] if clock["name"] == "answer")
        ends = datetime.datetime.fromisoformat(due.replace("Z", "+00:00")).astimezone(HERE)
        same((ends.hour, ends.minute), (18, 0), "the end of the working day")
        assert ends.weekday() < 5 and 3 <= (ends.date() - TODAY).days <= 5, ends
        assert "3 个工作日" in daemon.get(f'/incidents/{incident["id"]}', raw=True)

    with case("rota: a saved change is in force at once"):
        daemon.write("rota.toml", rota("wang"))
        wait_for("the changed rota", lambda: daemon.get("/api/v1/rota")["items"][0]["now"][0]["name"] == "wang")
        before = len(hooks.heard["li"])
        daemon.push({"id": "2", "source": "forum", "text": GRAVE[1]})
        wait_for("word to who is on duty now", lambda: hooks.heard["wang"])
        same(len(hooks.heard["li"]), before, "what the one before heard")

    with case("rota: the command, the API and the page show the coming two weeks"):
        shown = daemon.cli("rota").stdout
        assert "值班员（@duty）" in shown and "王工" in shown and "李工" in shown, shown
        lines = [json.loads(line) for line in daemon.cli("rota", "--json", "--days", "30").stdout.splitlines()]
        assert len(lines) >= 4 and all(one["until"] == two["from"] for one, two in zip(lines, lines[1:])), lines
        layer = daemon.get("/api/v1/rota")["items"][0]
        same((layer["name"], layer["now"][0]["receivers"]), ("duty", ["wang"]), "the layer")
        page = daemon.get("/rota", raw=True)
        assert "王工" in page and "在岗" in page, "the page"
        same(daemon.request("GET", "/api/v1/rota?days=999")[0], 400, "status")
    daemon.stop()
    finish()


main()
