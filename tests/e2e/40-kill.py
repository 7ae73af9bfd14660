#!/usr/bin/env python3
"""kill -9 under load, time and again: nothing acknowledged is lost, nothing is doubled, no alert is lost, an alert keeps its
key over every try and restart, and every incident's clock warns, runs out and calls once, whatever falls due while the
daemon is dead.

Writers push batches of posts, some of them sent before, some of them alarms, and send a batch again until it is
acknowledged. The receiver fails the first try of every second alert and the second of every fourth. The times of
the kills come from a seed, which is printed; set MINSHENG_SEED to see one again, and MINSHENG_CYCLES for other than 30
kills.
"""

import collections
import http.client
import json
import os
import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from lib import DIRECTORY, REPOSITORY, Daemon, case, finish, same, wait_for
from loopback import Server, is_signed, webhook_secret

CYCLES = int(os.environ.get("MINSHENG_CYCLES") or 30)
WRITERS = 4
SEED = int(os.environ.get("MINSHENG_SEED") or int.from_bytes(os.urandom(4), "big"))

RULES = """
[[rule]]
name = "grave-post"
title = "重大单帖"
when = { post = "orange" }
group_by = ["source"]

[[rule]]
name = "raised-by-three"
title = "三人以上反映"
when = { voices = 3, within = "24h" }
grade = "yellow"
group_by = ["place"]
"""
RECEIVERS = """
[[receiver]]
name = "bus"
kind = "webhook"
[receiver.webhook]
url = "http://{host}/hook"
secret_env = "HOOK_SECRET"
timeout = "3s"
"""
CLOCKS = """
[[clock]]
name = "take"
limit = "10s"
until = "acknowledged"
warn = [30]

[[escalation]]
name = "untaken"
when = "unacknowledged"
after = "14s"
receivers = ["bus"]
"""
# What the clocks tell of each incident, which nobody takes. A warning that passed while the daemon was dead gives way to a
# breach that has come by then.
FIRES = ["clock-warning", "breach", "escalated"]
CHATTER = ["今天的晚霞真好看", "周末去公园走了走，人不多", "楼下的包子铺搬到街角去了", "推荐一家理发店", "我家的猫又胖了"]
ALARM = "{}号楼起火，浓烟滚滚，有人被困在三楼，已经报警"
MATTER = "{}停水三天了{}没有人管"
PLACES = [f"{stem}{branch}新村" for stem in "甲乙丙丁戊己庚辛壬癸" for branch in "子丑寅卯辰巳午未申酉戌亥"]


class Receiver:
    """Takes alerts, unreliably, and keeps what it was told."""

    def __init__(self, key):
        self.key = key
        self.lock = threading.Lock()
        self.tries, self.taken = collections.Counter(), collections.Counter()
        self.alerts = {}  # webhook-id: what it spoke of
        self.faults = []
        self.failed = 0
        self.server = Server(self.answer)

    def answer(self, request):
        key = request.headers["webhook-id"]
        body = json.loads(request.sent)
        about = (body["alerts"][0]["labels"]["incident"], body["status"], body["groupKey"])
        with self.lock:
            if not is_signed(self.key, request.headers, request.sent):
                self.faults.append(f"{key}: wrong signature")
            if self.alerts.setdefault(key, about) != about:
                self.faults.append(f"{key}: spoke of {self.alerts[key]}, then of {about}")
            self.tries[key] += 1
            if self.tries[key] <= {0: 2, 1: 1}.get(sum(key.encode()) % 4, 0):
                self.failed += 1
                return 503, {}, "later"
            self.taken[key] += 1
            return 200, {}, "{}"

    def incidents_told(self):
        with self.lock:
            return {about[0] for key, about in self.alerts.items() if self.taken[key]}


class Load:
    """What was sent, what was acknowledged, and when may be sent."""

    def __init__(self, token):
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        self.lock = threading.Lock()
        self.open, self.ending, self.over = threading.Event(), threading.Event(), threading.Event()
        self.address = None
        self.sent, self.acknowledged = set(), set()
        self.alarms = self.matters = self.batches = self.cut = 0

    def alarm(self):
        """A post that alerts by itself, on an incident of its own."""
        with self.lock:
            self.alarms += 1
            return {"id": "a", "source": f"alarm-{self.alarms}", "author": "路人", "text": ALARM.format(self.alarms)}

    def matter(self):
        """Three different people on one place, mostly with kills between them."""
        with self.lock:
            place, voice = divmod(self.matters, 3)
            if place == len(PLACES):
                return None
            self.matters += 1
        text = MATTER.format(PLACES[place], "，！。"[voice])
        return {"id": f"{place}-{voice}", "source": "matters", "author": f"居民{voice}", "text": text}

    def push(self, batch):
        """Status and answer; nothing if it was cut off."""
        lines = "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in batch).encode()
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            connection.request("POST", "/api/v1/posts", lines, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def send(self, batch):
        """Sends until acknowledged."""
        with self.lock:
            self.sent.update(map(name_of, batch))
        while not self.over.is_set():
            self.open.wait()
            told = self.push(batch)
            if told is None:
                with self.lock:
                    self.cut += 1
                # Not there, or killed while it answered: the gate closes, or it comes back.
                time.sleep(0.02)
                continue
            status, body = told
            assert status == 200, f"{status}: {body[:300]!r}"
            told = json.loads(body)
            assert told["rejected"] == [] and told["accepted"] + told["duplicates"] == len(batch), told
            with self.lock:
                self.acknowledged.update(map(name_of, batch))
                self.batches += 1
            return


def name_of(post):
    return post["source"], post["id"]


def write(load, number):
    """One writer: batches of new posts, posts sent before, alarms and matters."""
    rng = random.Random(f"{SEED} writer {number}")
    old, count = [], 0
    while not load.ending.is_set():
        posts = []
        for _ in range(rng.randint(10, 40)):
            if old and rng.random() < 0.2:
                posts.append(rng.choice(old))
                continue
            count += 1
            text = f"{rng.choice(CHATTER)}（{number}-{count}）"
            post = {"id": f"{number}-{count}", "source": f"writer-{number}", "author": f"人{count}", "text": text}
            posts += [post] * rng.choice([1, 1, 2])
        if rng.random() < 0.2:
            posts.insert(rng.randrange(len(posts)), load.alarm())
            posts += posts[:1]
        matter = load.matter() if rng.random() < 0.5 else None
        if matter:
            posts += [matter] * rng.choice([1, 2])
        load.send(posts)
        old = rng.sample(posts, 5) + old[:500]


def lost(daemon, names):
    """Those of `names` that the daemon does not have."""
    return [name for name in names
            if daemon.get("/api/v1/posts/count", source=name[0], external_id=name[1])["count"] != 1]


def dictionaries():
    """Those of the repository, and villages to make matters of."""
    here = DIRECTORY / "dictionaries"
    shutil.copytree(REPOSITORY / "dictionaries", here)
    with (here / "places.tsv").open("a") as places:
        places.writelines(f"{name}\t禾川市\testate\t\n" for name in PLACES)
    return here


def run(daemon, load, receiver, writers):
    rng = random.Random(SEED)
    starts = []

    def count(**query):
        return daemon.get("/api/v1/posts/count", **query)["count"]

    with case(f"kill: {CYCLES} times under load, and after each start nothing acknowledged is lost, nothing doubled"):
        for cycle in range(CYCLES):
            enough = load.batches + 2
            load.open.set()
            wait_for(f"load in cycle {cycle}", lambda: load.batches >= enough or writers_failed(writers), every=0.005)
            # Nothing is waited for here: the moment of the kill is what is drawn.
            time.sleep(rng.uniform(0, 0.5))
            load.open.clear()
            daemon.kill()
            began = time.monotonic()
            daemon.start()
            starts.append(time.monotonic() - began)
            load.address = daemon.address
            with load.lock:
                acknowledged, sent = sorted(load.acknowledged), len(load.sent)
            stored = count()
            assert len(acknowledged) <= stored <= sent, \
                f"cycle {cycle}: {stored} posts, {len(acknowledged)} acknowledged of {sent} sent"
            same(lost(daemon, rng.sample(acknowledged, min(10, len(acknowledged)))), [], f"cycle {cycle}: lost")
            writers_failed(writers)
    load.ending.set()
    load.open.set()

    with case("kill: at the end every post is there once, in the store and in the index"):
        for writer in writers:
            writer.result(60)
        same(load.sent - load.acknowledged, set(), "never acknowledged")
        same(count(), len(load.sent), "posts in the store")
        same(lost(daemon, rng.sample(sorted(load.sent), min(2000, len(load.sent)))), [], "lost")
        for source, wanted in sorted(collections.Counter(source for source, _ in load.sent).items()):
            if not source.startswith("alarm"):
                wait_for(f"{wanted} posts of {source} in the index", lambda: count(source=source) >= wanted)
                found = collections.Counter(p["external_id"] for p in daemon.everything("/api/v1/posts", source=source))
                same({name: times for name, times in found.items() if times != 1}, {}, f"doubled posts of {source}")
                same(len(found), wanted, f"posts of {source} in the index")

    alarms = {f"alarm-{number}" for number in range(1, load.alarms + 1)}
    places = set(PLACES[:load.matters // 3])
    incidents = []
    with case("kill: one incident for each alarm and for each place that three spoke of"):
        def opened():
            incidents[:] = daemon.incidents()
            return len(incidents) >= len(alarms) + len(places)

        assert len(alarms) >= 5 and len(places) >= 5, f"too little was tried: {len(alarms)} and {len(places)}"
        wait_for(f"{len(alarms)} + {len(places)} incidents", opened)
        about = collections.Counter(i["place"] or i["evidence"][0]["source"] for i in incidents)
        same({one: times for one, times in about.items() if times != 1}, {}, "doubled")
        same(set(about) ^ (alarms | places), set(), "lost, or about something else")

    with case("kill: each incident's alert arrived, signed, under one key over all tries and restarts"):
        wanted = {incident["id"] for incident in incidents}
        wait_for("an alert for each incident", lambda: wanted <= receiver.incidents_told(), 120)
        # What was taken just before a kill is sent once more, and then written down.
        wait_for("an outbox with nothing waiting", lambda: daemon.notifications(state="waiting") == [], 120)
        same(receiver.faults, [], "faults")
        sent = daemon.notifications()
        same({entry["state"] for entry in sent}, {"sent"}, "states")
        same({f"msg_{entry['key']}" for entry in sent} ^ set(receiver.alerts), set(), "keys in one of outbox and receiver")
        opened = collections.Counter(entry["incident"] for entry in sent if entry["reason"] == "opened")
        same({one: times for one, times in opened.items() if times != 1}, {}, "told as opened more than once")
        same(set(opened) ^ wanted, set(), "never told as opened")
        assert receiver.failed * 4 >= len(wanted), f"only {receiver.failed} tries failed"

    with case("kill: of each incident nobody took, the clock warned, ran out and called once, in that order, and was told once"):
        def fired(name):
            what = [entry["what"] for entry in daemon.get(f"/api/v1/incidents/{name}")["timeline"]]
            return [one for one in what if one in FIRES]

        def all_fired():
            waiting.difference_update([name for name in waiting if FIRES[-1] in fired(name)])
            return not waiting

        waiting = set(wanted)
        wait_for("every clock to run out", all_fired, 120)
        wait_for("an outbox with nothing waiting", lambda: daemon.notifications(state="waiting") == [], 120)
        timers = {name: fired(name) for name in wanted}
        same({name: what for name, what in timers.items() if what not in (FIRES, FIRES[1:])}, {}, "fired otherwise")
        unwarned = sum(what != FIRES for what in timers.values())
        assert unwarned * 20 <= len(timers), f"{unwarned} of {len(timers)} never warned"
        told = collections.Counter((entry["incident"], entry["reason"]) for entry in daemon.notifications())
        same({one: times for one, times in told.items() if times != 1}, {}, "told more than once")
        same({name for name, what in timers.items() if any(not told[name, one] for one in what)}, set(), "never told")

    def views():
        sent = daemon.notifications()
        return (count(), sorted((i["id"], i["state"], i["grade"], i["voices"]) for i in daemon.incidents()),
                sorted((entry["key"], entry["state"], len(entry["attempts"])) for entry in sent))

    with case("kill: journal, store and index agree (verify), and the journal alone gives the same again (rebuild)"):
        before = views()
        daemon.stop()
        found = json.loads(daemon.cli("verify", "--json").stdout)
        same(found["problems"], [], "problems")
        same((found["posts"], found["indexed"]), (len(load.sent), len(load.sent)), "posts and indexed")
        daemon.cli("rebuild", deadline=300)
        daemon.start()
        for what, was, now in zip(("posts", "incidents", "notifications"), before, views()):
            assert was == now, f"{what} after a rebuild are not as before"
        daemon.stop()

    again = sum(receiver.taken.values()) - len(receiver.taken)
    print(f"# {len(load.sent)} posts in {load.batches} batches, {load.cut} tries cut off; {len(alarms)} alarms, "
          f"{len(places)} places; {sum(receiver.tries.values())} alerts tried, {receiver.failed} failed, {again} sent "
          f"again after a kill; start after a kill {max(starts):.1f} s at most", flush=True)


def writers_failed(writers):
    """Raises what made a writer end."""
    for writer in writers:
        if writer.done():
            writer.result()


def main():
    print(f"# seed {SEED}", flush=True)
    began = time.monotonic()
    key, secret = webhook_secret()
    receiver = Receiver(key)
    host = receiver.server.host
    daemon = Daemon("kill", f'[outward]\nallow = ["{host}"]\n', receivers=RECEIVERS.format(host=host), rules=RULES,
                    environment={"HOOK_SECRET": secret}, dictionaries=dictionaries())
    daemon.write("clocks.toml", CLOCKS)
    load = Load(daemon.make_token("ingest"))
    daemon.start()
    load.address = daemon.address
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, load, number) for number in range(WRITERS)]
        try:
            run(daemon, load, receiver, writers)
        finally:
            for event in (load.ending, load.over, load.open):
                event.set()
    print(f"# {time.monotonic() - began:.0f} s", flush=True)
    finish()


main()
