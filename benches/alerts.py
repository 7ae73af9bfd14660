#!/usr/bin/env python3
"""How fast a matter becomes a message, beside Debian's Alertmanager on the same machine in the same run.

    benches/alerts.py [--program target/release/minsheng] [--alertmanager prometheus-alertmanager] [--count 1000]

Both send signed or plain webhooks to one sink on 127.0.0.1. Alertmanager runs with `group_wait: 0s` and a group per alert; ours
opens an incident per post, durable on the disk before anything is sent. Told are, in milliseconds from the answer to the push
until the message is at the sink: single alerts one after another, and many at once, with the time until the last of them.
Then the same beside five receivers that hang. Nothing but loopback is used."""

import argparse
import datetime
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = """
[[rule]]
name = "single"
title = "单帖"
when = { post = "blue" }
group_by = ["source"]
receivers = ["sink"]
"""
RECEIVER = """
[[receiver]]
name = "{name}"
kind = "webhook"
reasons = ["opened"]
[receiver.webhook]
url = "http://{host}/{name}"
secret_env = "HOOK_SECRET"
"""
ALERTMANAGER = """
route:
  receiver: sink
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
- name: sink
  webhook_configs:
  - url: http://{host}/am
    send_resolved: false
"""


def lib():
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    import lib as found
    import loopback
    return found, loopback


class Sink:
    """Notes when each alert arrives, by its name."""

    def __init__(self, server):
        self.at, self.hung = {}, threading.Event()
        self.server = server(self.answer)
        self.host = self.server.host

    def answer(self, request):
        now = time.perf_counter()
        if request.path.startswith("/hang"):
            self.hung.wait(60)
            return 200, {}, "{}"
        for alert in json.loads(request.sent)["alerts"]:
            name = alert["labels"].get("alertname", "")
            text = request.sent.decode()
            for word in (name if name.startswith("bench-") else None, mark(text)):
                if word:
                    self.at.setdefault(word, now)
        return 200, {}, "{}"

    def wait(self, names, deadline=120.0):
        until = time.perf_counter() + deadline
        while any(name not in self.at for name in names):
            if time.perf_counter() > until:
                missing = [name for name in names if name not in self.at]
                raise SystemExit(f"{len(missing)} of {len(names)} alerts never arrived: {missing[:3]}")
            time.sleep(0.001)


def mark(text):
    """The source of the post, which stands in the annotations: bench-17."""
    place = text.find("bench-")
    if place < 0:
        return None
    end = place + 6
    while end < len(text) and (text[end].isalnum() or text[end] == "-"):
        end += 1
    return text[place:end]


def told(name, waits, whole=None):
    waits = sorted(waits)
    p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    line = f"{name:58} median {statistics.median(waits) * 1e3:8.1f} ms   p99 {p99 * 1e3:8.1f} ms"
    print(line + (f"   all {len(waits)} after {whole:6.2f} s" if whole is not None else ""), flush=True)
    return statistics.median(waits), p99


def measure(name, sink, push, count, prefix):
    """Single alerts one after another, then many at once; the figures of both."""
    waits = []
    for number in range(200):
        one = f"bench-{prefix}s{number}"
        push([one])
        sent = time.perf_counter()
        sink.wait([one])
        waits.append(max(0.0, sink.at[one] - sent))
    single = told(f"{name}, one after another", waits)
    names = [f"bench-{prefix}m{number}" for number in range(count)]
    began = time.perf_counter()
    sent = {}
    for at in range(0, count, 50):
        push(names[at:at + 50])
        now = time.perf_counter()
        sent.update(dict.fromkeys(names[at:at + 50], now))
    sink.wait(names)
    whole = max(sink.at[one] for one in names) - began
    many = told(f"{name}, {count} at once", [max(0.0, sink.at[one] - sent[one]) for one in names], whole)
    return single, many, whole


def alertmanager(program, sink, count, directory):
    config = directory / "alertmanager.yml"
    config.write_text(ALERTMANAGER.format(host=sink.host))
    found, _ = lib()
    port = found.free_port()
    process = subprocess.Popen(
        [program, f"--config.file={config}", f"--storage.path={directory / 'am'}", f"--web.listen-address=127.0.0.1:{port}",
         "--cluster.listen-address=", "--log.level=error"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def request(method, path, body=None):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
            connection.close()
            return status

        def ready():
            try:
                return request("GET", "/-/ready") == 200
            except OSError:
                return False
        until = time.monotonic() + 30
        while not ready():
            if time.monotonic() > until:
                raise SystemExit("the Alertmanager does not start")
            time.sleep(0.05)

        def push(names):
            now = datetime.datetime.now(datetime.timezone.utc).isoformat()
            alerts = [{"labels": {"alertname": name, "grade": "red"}, "startsAt": now} for name in names]
            status = request("POST", "/api/v2/alerts", json.dumps(alerts))
            if status != 200:
                raise SystemExit(f"the Alertmanager answered {status}")
        return measure("Alertmanager", sink, push, count, "a")
    finally:
        process.terminate()
        process.wait(10)


def ours(sink, count, hung, prefix):
    found, loopback = lib()
    receivers = "".join(RECEIVER.format(name=name, host=sink.host) for name in ["sink"] + [f"hang-{n}" for n in range(hung)])
    names = ", ".join(f'"{name}"' for name in ["sink"] + [f"hang-{n}" for n in range(hung)])
    daemon = found.Daemon(f"alerts-{prefix}", f'[outward]\nallow = ["{sink.host}"]\n', receivers=receivers,
                          rules=RULES.replace('["sink"]', f"[{names}]"),
                          environment={"HOOK_SECRET": loopback.webhook_secret()[1]})
    daemon.start()
    try:
        def push(names):
            now = datetime.datetime.now(datetime.timezone.utc).isoformat()
            posts = [{"id": name, "source": name, "author": name, "published_at": now,
                      "text": "小区停水三天了，老人小孩没水喝，没人管"} for name in names]
            daemon.push(*posts)
        name = "Minsheng" if not hung else f"Minsheng beside {hung} receivers that hang"
        return measure(name, sink, push, count, prefix)
    finally:
        sink.hung.set()
        daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=str(ROOT / "target/release/minsheng"))
    parser.add_argument("--alertmanager", default="prometheus-alertmanager")
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    if shutil.which(given.alertmanager) is None:
        raise SystemExit("no Alertmanager: apt-get install prometheus-alertmanager, or name it with --alertmanager")
    with tempfile.TemporaryDirectory() as directory:
        os.environ.update(MINSHENG_BIN=given.program, E2E_DIR=directory)
        _, loopback = lib()
        sink = Sink(loopback.Server)
        theirs = alertmanager(given.alertmanager, sink, given.count, Path(directory))
        own = ours(sink, given.count, 0, "o")
        beside = ours(sink, given.count, 5, "h")
    print(f"single: median {own[0][0] * 1e3:.1f} ms (wanted ≤ 10), p99 {own[0][1] / max(theirs[0][1], 1e-9):.2f} × Alertmanager's (wanted ≤ 1)")
    print(f"{given.count} at once: {own[2] / theirs[2]:.2f} × Alertmanager's time (wanted ≤ 0.5)")
    print(f"beside receivers that hang: {beside[0][1] / max(own[0][1], 1e-9):.2f} × the p99 without them, {beside[2] / own[2]:.2f} × the time")


main()
