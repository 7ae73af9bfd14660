#!/usr/bin/env python3
"""How fast a matter becomes a message, beside Debian's Alertmanager on the same machine in the same run.

    benches/alerts.py [--program target/release/minsheng] [--alertmanager prometheus-alertmanager] [--count 1000]

Both send signed or plain webhooks to one sink on 127.0.0.1. Alertmanager runs with `group_wait: 0s` and a group per alert; ours
opens an incident per post, durable on the disk before anything is sent. Told are, in milliseconds from the answer to the push
until the message is at the sink: single alerts one after another, and many at once, with the time until the last of them.
Then the same beside five receivers that hang. Nothing but loopback is used."""

import argparse
import asyncio
import datetime
import http.client
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
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


class Arrivals(asyncio.Protocol):
    """One connection to the sink: answers each request at once and notes when which alert came."""

    NAME, LENGTH = re.compile(rb"bench-[a-z0-9]+"), re.compile(rb"(?i)\r\ncontent-length: *(\d+)")

    def __init__(self, note):
        self.note, self.bytes = note, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.bytes += data
        while (head := self.bytes.find(b"\r\n\r\n")) >= 0:
            length = self.LENGTH.search(self.bytes, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self.bytes) < end:
                return
            request, self.bytes = self.bytes[:end], self.bytes[end:]
            if request.startswith(b"POST /hang"):
                continue
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            self.note(self.NAME.findall(request))


class Sink:
    """Where all messages go: a process of its own, lest it share an interpreter with whoever pushes."""

    def __init__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        multiprocessing.Process(target=lambda: asyncio.run(self.serve(theirs)), daemon=True).start()
        self.host = self.pipe.recv()

    def wait(self, names, deadline=120.0):
        """When each of these alerts came, by its name; the clock is the same in both processes."""
        self.pipe.send([name.encode() for name in names])
        if not self.pipe.poll(deadline):
            raise SystemExit(f"of {len(names)} alerts some never arrived")
        return {name.decode(): at for name, at in self.pipe.recv().items()}

    @staticmethod
    async def serve(pipe):
        came, wanted, missing = {}, [], set()

        def tell():
            if wanted and not missing:
                pipe.send({name: came[name] for name in wanted})
                wanted.clear()

        def note(names):
            now = time.perf_counter()
            for name in names:
                came.setdefault(name, now)
                missing.discard(name)
            tell()

        def ask():
            wanted[:] = pipe.recv()
            missing.update(name for name in wanted if name not in came)
            tell()

        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Arrivals(note), "127.0.0.1", 0, backlog=1024)
        loop.add_reader(pipe.fileno(), ask)
        pipe.send(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await asyncio.Event().wait()


def told(name, waits, whole=None):
    waits = sorted(waits)
    p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    line = f"{name:58} median {statistics.median(waits) * 1e3:8.1f} ms   p99 {p99 * 1e3:8.1f} ms"
    print(line + (f"   all {len(waits)} after {whole:6.2f} s" if whole is not None else ""), flush=True)
    return statistics.median(waits), p99


def measure(name, sink, push, count, prefix):
    """Single alerts one after another, then many at once; the figures of both."""
    waits = []
    for number in range(500):
        one = f"bench-{prefix}s{number}"
        push([one])
        sent = time.perf_counter()
        waits.append(max(0.0, sink.wait([one])[one] - sent))
    single = told(f"{name}, one after another", waits)
    names = [f"bench-{prefix}m{number}" for number in range(count)]
    began = time.perf_counter()
    sent = {}
    for at in range(0, count, 50):
        push(names[at:at + 50])
        now = time.perf_counter()
        sent.update(dict.fromkeys(names[at:at + 50], now))
    came = sink.wait(names)
    whole = max(came.values()) - began
    many = told(f"{name}, {count} at once", [max(0.0, came[one] - sent[one]) for one in names], whole)
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
        sink = Sink()
        theirs = alertmanager(given.alertmanager, sink, given.count, Path(directory))
        own = ours(sink, given.count, 0, "o")
        beside = ours(sink, given.count, 5, "h")
    print(f"single: median {own[0][0] * 1e3:.1f} ms (wanted ≤ 10), p99 {own[0][1] / max(theirs[0][1], 1e-9):.2f} × Alertmanager's (wanted ≤ 1)")
    print(f"{given.count} at once: {own[2] / theirs[2]:.2f} × Alertmanager's time (wanted ≤ 0.5)")
    print(f"beside receivers that hang: {beside[0][1] / max(own[0][1], 1e-9):.2f} × the p99 without them, {beside[2] / own[2]:.2f} × the time")


if __name__ == "__main__":
    main()
