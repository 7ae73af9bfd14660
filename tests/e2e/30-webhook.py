#!/usr/bin/env python3
"""Our webhook as others see it: signed as Standard Webhooks wants it, the same message in every try, and in the shape
of Alertmanager's own, so that what is made for Alertmanager works with it unchanged: Debian's Alertmanager is held
beside it, and Debian's alertmanager-irc-relay is given it."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import secrets
import socketserver
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib import DIRECTORY, Daemon, case, command, end, finish, free_port, same, start, wait_for

GRAVE = "槐荫巷化工厂爆炸，死伤十几人，有毒气体泄漏，居民正在逃离，急需救援"
OTHERS = [
    "云锦苑电梯坠落，三人被困，一人重伤流血，急需救援",
    "锦溪路路面塌陷，有人掉下去受重伤，还没人来救",
    "桂雨家园燃气泄漏爆炸，多人受伤被困，消防还没到",
    "石渡小区停水三天了，老人没水喝晕倒送医院抢救，打电话没人管，要出人命了",
]
TOLERANCE = 300


def new_secret():
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Request:
    """A POST as it came."""

    def __init__(self, headers, body):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.raw, self.at = body, time.time()
        self.body = json.loads(body)

    def id(self):
        return self.headers["webhook-id"]

    def signatures(self):
        return self.headers["webhook-signature"].split(" ")

    def is_signed_by(self, secret):
        """The check of the Standard Webhooks specification, written from it."""
        seconds = self.headers["webhook-timestamp"]
        if abs(self.at - int(seconds)) > TOLERANCE:
            return False
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id()}.{seconds}.".encode() + self.raw
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(wanted, given) for given in self.signatures())


class Receiver:
    """A web server that keeps what is posted to it. `answers` holds status and headers of its next answers; then
    it says 200."""

    def __init__(self):
        self.requests, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                receiver.requests.append(Request(self.headers, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\n")

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, incident):
        return [request for request in self.requests if f'"{incident["id"]}"' in request.raw.decode()]


class Chat:
    """As much of an IRC server as a relay needs to say its lines."""

    def __init__(self):
        self.lines = []
        chat = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                nick = "relay"
                for line in self.rfile:
                    line = line.decode(errors="replace").strip()
                    word, _, rest = line.partition(" ")
                    if word == "NICK":
                        nick = rest
                    elif word == "USER":
                        self.say(f":chat 001 {nick} :welcome", f":chat 376 {nick} :end")
                    elif word == "JOIN":
                        channel = rest.split(" ")[0]
                        self.say(f":{nick}!relay@localhost JOIN {channel}", f":chat 366 {nick} {channel} :end")
                    elif word == "PING":
                        self.say(f":chat PONG chat {rest}")
                    elif word in ("PRIVMSG", "NOTICE"):
                        chat.lines.append(rest)

            def say(self, *lines):
                self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def shape(value, key=""):
    """What kind of thing a value is, to be compared with another's. Labels and annotations are open maps."""
    if key in ("labels", "annotations", "groupLabels", "commonLabels", "commonAnnotations"):
        assert isinstance(value, dict), f"{key} is no map"
        return {"*": sorted({type(item).__name__ for item in value.values()})}
    if isinstance(value, dict):
        return {name: shape(item, name) for name, item in sorted(value.items())}
    if isinstance(value, list):
        assert value, f"{key} is empty: there is nothing to compare"
        shapes = [shape(item) for item in value]
        assert all(found == shapes[0] for found in shapes), f"the items of {key} differ"
        return [shapes[0]]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return "time"
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{16}", value):
        return "16 hex digits"
    if isinstance(value, str) and re.match(r"https?://", value):
        return "url"
    return type(value).__name__


class Alertmanager:
    """Debian's, with one receiver."""

    def __init__(self, receiver):
        place = DIRECTORY / "alertmanager"
        place.mkdir()
        self.port = free_port()
        (place / "alertmanager.yml").write_text(f"""
route:
  receiver: desk
  group_by: [incident]
  group_wait: 100ms
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: desk
    webhook_configs:
      - url: http://127.0.0.1:{receiver.port}/
        send_resolved: true
""")
        with (place / "log").open("wb") as log:
            self.process = start(
                [command("prometheus-alertmanager"), f"--config.file={place / 'alertmanager.yml'}",
                 f"--storage.path={place / 'storage'}", f"--web.listen-address=127.0.0.1:{self.port}",
                 f"--web.external-url=http://127.0.0.1:{self.port}/", "--cluster.listen-address="],
                stdout=log, stderr=log)
        wait_for("Alertmanager", lambda: self.ask("GET", "/-/ready")[0] == 200)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def take(self, alerts):
        """Gives it the alerts of a webhook, as a client of its API would."""
        wanted = ("labels", "annotations", "startsAt", "endsAt", "generatorURL")
        status, said = self.ask("POST", "/api/v2/alerts", [{key: alert[key] for key in wanted} for alert in alerts])
        same(status, 200, f"Alertmanager says {said!r}")


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def push(daemon, text):
    known = {incident["id"] for incident in daemon.incidents()}
    same(daemon.push({"source": "hotline", "text": text, "author": "巷口老槐树"})["accepted"], 1, "accepted")
    opened = lambda: [incident for incident in daemon.incidents() if incident["id"] not in known]
    return wait_for("the incident", opened)[0]


def notification(daemon, incident, receiver, reason="opened"):
    found = daemon.get(f"/api/v1/incidents/{incident['id']}")["notifications"]
    return next((n for n in found if (n["receiver"], n["reason"]) == (receiver, reason)), None)


def receiver_table(name, url, secret_file, more="", reasons=""):
    return f"""
[[receiver]]
name = "{name}"
kind = "webhook"
{reasons}
[receiver.webhook]
url = "{url}"
secret_file = "{secret_file}"
{more}
"""


def main():
    hook, chat, keeper = Receiver(), Chat(), Receiver()
    relay_port = free_port()
    secret, previous = new_secret(), new_secret()
    for name, words in (("secret", secret), ("previous", previous)):
        path = DIRECTORY / name
        path.touch(0o600)
        path.write_text(words + "\n")
    receivers = receiver_table("bus", f"http://127.0.0.1:{hook.port}/in?key=1", DIRECTORY / "secret",
                               f'previous_secret_file = "{DIRECTORY / "previous"}"')
    receivers += receiver_table("chat", f"http://127.0.0.1:{relay_port}/desk", DIRECTORY / "secret",
                                reasons='reasons = ["opened", "closed"]')
    allow = ", ".join(f'"127.0.0.1:{port}"' for port in (hook.port, relay_port))
    # A fixed address of the console, so that a restart changes nothing in a message.
    daemon = Daemon("daemon", f"[outward]\nallow = [{allow}]\n", receivers=receivers,
                    web='external_url = "http://desk.example.invalid/"\n').start()
    relay = irc_relay(chat, relay_port)

    with case("an alert is posted, signed by the secret and the one before it"):
        incident = push(daemon, GRAVE)
        first = wait_for("the webhook", lambda: hook.of(incident))[0]
        assert first.is_signed_by(secret) and first.is_signed_by(previous), first.headers
        assert not first.is_signed_by(new_secret()), "any secret fits"
        same(len(first.signatures()), 2, "signatures")
        assert re.fullmatch(r"msg_[0-9a-f]{32}", first.id()), first.id()
        same(first.headers["content-type"], "application/json")
        changed = Request(first.headers, first.raw.replace(b"firing", b"wiring"))
        assert not changed.is_signed_by(secret), "the signature does not cover the body"

    with case("it tells what, where, how grave and whose it is"):
        alert = first.body["alerts"][0]
        wanted = {"incident": incident["id"], "grade": incident["grade"], "category": incident["category"],
                  "place": incident["place"], "department": incident["department"], "rule": incident["rules"][0],
                  "alertname": incident["rules"][0], "severity": "critical", "source": "hotline"}
        same(alert["labels"], {name: value for name, value in wanted.items() if value})
        same(incident["place"], "槐荫巷")
        assert incident["department"], "no department"
        same((first.body["version"], first.body["status"], first.body["receiver"]), ("4", "firing", "bus"))
        same(moment(alert["startsAt"]).timestamp(), float(int(moment(incident["opened_at"]).timestamp())), "startsAt")
        same(alert["endsAt"], "0001-01-01T00:00:00Z")
        same(alert["generatorURL"], f"http://desk.example.invalid/incidents/{incident['id']}")
        assert "槐荫巷" in alert["annotations"]["summary"] and "爆炸" in alert["annotations"]["evidence_1"], alert
        assert "巷口老槐树" not in first.raw.decode(), "the writer is named"

    with case("its steps follow as messages of their own on the same alert"):
        requests = [first]
        for step, status in (("acknowledge", "firing"), ("close", "resolved")):
            daemon.post(f"/api/v1/incidents/{incident['id']}/{step}", {"note": "已到现场"})
            request = wait_for(step, lambda: len(found := hook.of(incident)) > len(requests) and found)[-1]
            same((request.body["status"], request.body["alerts"][0]["status"]), (status, status), step)
            requests.append(request)
        same(len({request.id() for request in requests}), 3, "different webhook-ids")
        same(len({request.body["alerts"][0]["fingerprint"] for request in requests}), 1, "fingerprints")
        same(len({request.body["groupKey"] for request in requests}), 1, "group keys")
        last = requests[-1].body["alerts"][0]
        assert moment(last["endsAt"]) >= moment(last["startsAt"]), last
        assert all(request.is_signed_by(secret) for request in requests)

    with case("its shape is that of Debian's Alertmanager, key by key"):
        alertmanager = Alertmanager(keeper)
        alertmanager.take(first.body["alerts"])
        theirs = wait_for("Alertmanager's own webhook", lambda: keeper.of(incident))[0]
        same(theirs.body["version"], "4")
        same(shape(first.body), shape(theirs.body), "our shape beside theirs")
        same((theirs.body["status"], theirs.body["alerts"][0]["status"]), ("firing", "firing"))
        for key in ("labels", "annotations", "generatorURL"):
            same(theirs.body["alerts"][0][key], first.body["alerts"][0][key], f"{key} after Alertmanager")
        same(moment(theirs.body["alerts"][0]["startsAt"]), moment(alert["startsAt"]), "startsAt after Alertmanager")
        for key in ("groupLabels", "commonLabels", "commonAnnotations", "groupKey"):
            same(theirs.body[key], first.body[key], key)

    with case("Alertmanager sees that it is over"):
        alertmanager.take(requests[-1].body["alerts"])
        over = lambda: [request for request in keeper.of(incident) if request.body["status"] == "resolved"]
        theirs = wait_for("the resolved webhook", over)[0]
        same(shape(requests[-1].body), shape(theirs.body), "our shape beside theirs")
        same(theirs.body["alerts"][0]["status"], "resolved")
        end(alertmanager.process)

    with case("a receiver made for Alertmanager works with it"):
        for status in ("firing", "resolved"):
            line = f"{incident['grade']}|{incident['id']}|{status}|槐荫巷"
            wait_for(f"{status} in the chat", lambda: any(line in said for said in chat.lines))
        wait_for("it to be written down as sent", lambda: notification(daemon, incident, "chat", "closed")["state"] == "sent")
        end(relay)

    with case("after 500 twice it comes a third time, the same message newly signed"):
        hook.answers = [(500, {}), (503, {})]
        late = push(daemon, OTHERS[0])
        tries = wait_for("three tries", lambda: len(found := hook.of(late)) == 3 and found, 90.0)
        same(len({request.id() for request in tries}), 1, "webhook-ids")
        same(len({request.raw for request in tries}), 1, "bodies")
        stamps = [int(request.headers["webhook-timestamp"]) for request in tries]
        assert stamps[0] < stamps[1] < stamps[2], stamps
        same(len({request.headers["webhook-signature"] for request in tries}), 3, "different signatures")
        assert all(request.is_signed_by(secret) for request in tries)
        # 5 s and 30 s, a fifth more or less.
        assert 3.9 < tries[1].at - tries[0].at < 15 and 23.9 < tries[2].at - tries[1].at < 50, [request.at for request in tries]
        told = wait_for("it to be written down", lambda: (n := notification(daemon, late, "bus"))["state"] == "sent" and n)
        same([attempt["outcome"] for attempt in told["attempts"]], ["retry", "retry", "sent"])
        assert "500" in told["attempts"][0]["answer"] and "503" in told["attempts"][1]["answer"], told

    with case("what a receiver asks for by Retry-After is kept"):
        hook.answers = [(429, {"Retry-After": "9"})]
        busy = push(daemon, OTHERS[1])
        tries = wait_for("two tries", lambda: len(found := hook.of(busy)) == 2 and found, 60.0)
        assert 8.5 < tries[1].at - tries[0].at < 25, tries[1].at - tries[0].at

    with case("a kill between two tries changes neither id nor message"):
        hook.answers = [(500, {})]
        killed = push(daemon, OTHERS[2])
        wait_for("the first try", lambda: hook.of(killed))
        wait_for("it to be written down", lambda: notification(daemon, killed, "bus")["attempts"])
        daemon.kill()
        daemon.start()
        tries = wait_for("the second try", lambda: len(found := hook.of(killed)) >= 2 and found, 60.0)
        same((tries[0].id(), tries[0].raw), (tries[1].id(), tries[1].raw), "id and body")
        told = wait_for("it to be written down", lambda: (n := notification(daemon, killed, "bus"))["state"] == "sent" and n)
        same([attempt["outcome"] for attempt in told["attempts"]], ["retry", "sent"])
        same(len(hook.of(killed)), 2, "tries")

    with case("a receiver that says 410 is not asked again for this"):
        hook.answers = [(410, {})]
        gone = push(daemon, OTHERS[3])
        told = wait_for("it to be written down", lambda: (n := notification(daemon, gone, "bus")) and n["state"] != "waiting" and n)
        same((told["state"], len(hook.of(gone))), ("broken", 1))

    with case("notify-test is signed too and shows the answer"):
        before = len(hook.requests)
        done = daemon.cli("notify-test", "bus", "--json")
        answer = json.loads(done.stdout)
        same((answer["receiver"], answer["outcome"]), ("bus", "sent"))
        assert "200" in answer["answer"], answer
        test = hook.requests[before:]
        same([(request.body["type"], request.is_signed_by(secret)) for request in test], [("test", True)])
        hook.answers = [(403, {})]
        done = daemon.cli("notify-test", "bus", check=False)
        same(done.returncode, 1, "exit status when it was not taken")
        assert "403" in done.stdout, done.stdout

    with case("an address that is not allowed is not asked"):
        outsider = Receiver()
        table = receiver_table("bus", f"http://127.0.0.1:{outsider.port}/", DIRECTORY / "secret")
        daemon.write("receivers.toml", table)
        done = daemon.cli("notify-test", "bus", check=False)
        assert done.returncode != 0, done.stdout
        same(outsider.requests, [], "requests")

    with case("secrets stand in no answer, file of data or log"):
        bare = [words.removeprefix("whsec_") for words in (secret, previous)]
        answers = "".join(daemon.get(path, raw=True) for path in ("/api/v1/receivers", "/api/v1/notifications", "/metrics"))
        held = [path.name for path in daemon.data.rglob("*") if path.is_file() and any(s.encode() in path.read_bytes() for s in bare)]
        same(([s for s in bare if s in answers + daemon.log()], held), ([], []))
        assert "/in?key=1" not in answers + daemon.log(), "the address with its key is shown"
        daemon.stop()
    finish()


def irc_relay(chat, port):
    """Debian's relay from Alertmanager's webhook to IRC."""
    place = DIRECTORY / "irc-relay.yml"
    place.write_text(f"""
http_host: 127.0.0.1
http_port: {port}
irc_host: 127.0.0.1
irc_port: {chat.port}
irc_use_ssl: no
irc_nickname: relay
irc_realname: relay
irc_channels:
  - name: "#desk"
msg_once_per_alert_group: no
msg_template: "{{{{ .Labels.grade }}}}|{{{{ .Labels.incident }}}}|{{{{ .Status }}}}|{{{{ .Labels.place }}}} {{{{ .Annotations.summary }}}}"
""")
    with (DIRECTORY / "irc-relay.log").open("wb") as log:
        return start([command("alertmanager-irc-relay"), "--config", place], stdout=log, stderr=log)


main()
