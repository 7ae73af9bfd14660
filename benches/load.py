#!/usr/bin/env python3
"""The release program under load, over HTTP like any gateway: what `benches/README.md` says of the whole program.

    cargo build --release && benches/load.py [--posts 1000000] [--rate 2000] [--seconds 60]

Fills an empty desk, measures latency at a steady rate with a webhook receiver and a searcher beside it, then kills the
daemon in the midst of load, starts it again, lets it idle, and makes all views anew. One JSON object a line on standard
output: name, figure, unit. Needs nothing but Python; load goes to loopback only.
"""

import argparse
import json
import os
import random
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))
os.environ.setdefault("MINSHENG_BIN", str(Path(__file__).resolve().parents[1] / "target/release/minsheng"))

from lib import DIRECTORY, PROGRAM, REPOSITORY, Daemon, same, wait_for  # noqa: E402
from loopback import Server, webhook_secret  # noqa: E402

# Everyday talk, put together anew for each post; about 110 characters, as on the sites that are read.
CLAUSES = """
今天下班早，去菜场转了一圈|土豆又便宜了两毛|晚上打算炖个排骨汤|孩子作业写到九点多|阳台上的茉莉开了三朵
楼下大爷的象棋又摆起来了|周末约了同学去爬山|山脚那家面馆味道没变|早上的风有点凉|出门记得带伞
地铁上看完了半本小说|公司门口的银杏黄透了|中午食堂的红烧肉抢光了|午休打了个盹|下午开会开到犯困
新买的耳机音质还行|快递放在驿站两天了|忘了去拿|猫又把杯子推下桌了|朋友圈都在晒月亮
老家寄来一箱柚子|分给邻居几个|隔壁小孩学钢琴，弹得比上个月好|广场舞的曲子换了新的|我妈跳得很开心
夜跑五公里，配速没掉|路灯下有人在喂流浪猫|河边钓鱼的人不少|一条也没见钓上来|回来冲个热水澡
电影院排片太少了|想看的那部只有早场|票根攒了一小盒|书店在打折，买了三本|一本给外甥|公交车上遇到高中班主任
聊了一路|他退休两年了|还记得我坐第几排|糖炒栗子排队二十分钟|值得|冬天的太阳晒着真舒服|被子晒了一上午|有股阳光的味道
""".replace("\n", "|").strip("|").split("|")
COMPLAINTS = """
楼道灯坏了半个月没人修|门口的垃圾桶满了三天没清|公交车等了四十分钟不来|路上的井盖响了一夜|物业电话打不通
暖气片摸着是凉的|水龙头出来的水发黄|学校门口停车乱成一团|工地半夜还在施工|网约车乱收费
""".replace("\n", "|").strip("|").split("|")
RECEIVER = """
[[receiver]]
name = "bus"
kind = "webhook"
[receiver.webhook]
url = "http://{host}/in"
secret_file = "{secret}"
"""


def said(name, figure, unit):
    print(json.dumps({"name": name, "figure": round(figure, 3), "unit": unit}, ensure_ascii=False), flush=True)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def post(chance, number):
    clauses = chance.sample(CLAUSES, 9)
    if chance.random() < 0.02:
        clauses[3] = chance.choice(COMPLAINTS)
    return {"source": f"site-{number % 40}", "id": str(number), "author": f"u{chance.randrange(200_000)}",
            "text": "，".join(clauses) + "。"}


def body(posts):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in posts).encode()


def push(daemon, lines):
    """Pushes a body as a gateway does: told that the daemon is behind, it waits as long as it is told."""
    headers = {"Content-Type": "application/x-ndjson"}
    while True:
        status, answered, answer = daemon.request("POST", "/api/v1/posts", lines, headers, deadline=120)
        if status == 429:
            time.sleep(float(answered["Retry-After"]))
            continue
        same(status, 200, answer.decode())
        return json.loads(answer)


def caught_up(daemon):
    """Waits until all that was stored before is judged and indexed: a mark that is stored now is found by search."""
    mark = f"zm{time.monotonic_ns()}q"
    push(daemon, body([{"source": "mark", "id": mark, "text": f"到此为止 {mark}"}]))
    wait_for("the mark to be searchable", lambda: daemon.get("/api/v1/posts/count", q=mark)["count"] == 1, 900, 0.1)


def memory(daemon):
    """Anonymous and all resident memory, MiB: pages of the index that are mapped from files can be taken back."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    value = lambda key: int(status.split(f"{key}:")[1].split()[0]) / 1024
    return value("RssAnon"), value("VmRSS"), value("VmHWM")


def cpu_seconds(daemon):
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def disk(directory):
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


class Load:
    """Posts at a steady rate in a thread of its own, a tenth of a second's at once."""

    def __init__(self, daemon, rate, first, chance):
        self.daemon, self.rate, self.next, self.chance = daemon, rate, first, chance
        self.stopped, self.late, self.lost = threading.Event(), 0, None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        share, due = max(1, self.rate // 10), time.monotonic()
        every = share / self.rate
        while not self.stopped.is_set():
            lines = body(post(self.chance, self.next + at) for at in range(share))
            try:
                push(self.daemon, lines)
            except OSError as error:
                self.lost = error
                return
            self.next += share
            due += every
            if due < time.monotonic():
                self.late += 1
                due = time.monotonic()
            self.stopped.wait(max(0.0, due - time.monotonic()))

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self.next


def fill(daemon, posts, chance):
    text, began = 0, time.monotonic()
    for first in range(0, posts, 2_000):
        batch = [post(chance, number) for number in range(first, min(first + 2_000, posts))]
        text += sum(len(one["text"].encode()) for one in batch)
        same(push(daemon, body(batch))["rejected"], [], "rejected")
    accepted = time.monotonic() - began
    caught_up(daemon)
    whole = time.monotonic() - began
    said("posts accepted", posts / accepted, "posts/s")
    said("posts accepted, judged, indexed, observed", posts / whole, "posts/s")
    said("CPU of the daemon a post, all stages", 1e6 * cpu_seconds(daemon) / posts, "µs")
    said("disk over text received", disk(daemon.data) / text, "x")


def latency(daemon, hook_at, places, rate, seconds, first, chance):
    """Grave posts at places of their own, each to be told to a receiver and found by search, beside a steady load."""
    load = Load(daemon, rate, first, chance)
    alerted, found, until, number = [], [], time.monotonic() + seconds, 0
    while time.monotonic() < until:
        place, mark = places[number], f"zx{number:06d}q"
        grave = {"source": "hotline", "id": f"grave-{number}", "author": f"g{number}",
                 "text": f"{place}化工厂爆炸，三人被困，多人受伤，消防正在救援 {mark}"}
        push(daemon, body([grave]))
        durable = time.monotonic()
        number += 1
        wait_for("the alert", lambda: place in hook_at, 30, 0.002)
        alerted.append(max(0.0, hook_at[place] - durable))
        wait_for("the find", lambda: daemon.get("/api/v1/posts/count", q=mark)["count"] == 1, 30, 0.01)
        found.append(time.monotonic() - durable)
        time.sleep(0.2)
    stored = load.stop() + number
    assert load.lost is None, load.lost
    for name, values in (("durable to first try to deliver", alerted), ("durable to found by search", found)):
        said(f"{name}, {len(values)} alarms beside {rate} posts/s, median", 1e3 * statistics.median(values), "ms")
        said(f"{name}, p99", 1e3 * percentile(values, 0.99), "ms")
    said("tenths of a second in which the load was late", load.late, "")
    return load.next, stored


def searches(daemon, chance):
    """Searches as the console makes them, on what is stored now."""
    words = sorted({word for clause in CLAUSES for word in (clause[:2], clause[-2:])})
    taken = []
    for _ in range(400):
        began = time.monotonic()
        daemon.get("/api/v1/posts", q=chance.choice(words), limit=20)
        taken.append(1e3 * (time.monotonic() - began))
    said("search, top 20 with facets, over HTTP, median", statistics.median(taken), "ms")
    said("search, p99", percentile(taken, 0.99), "ms")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--posts", type=int, default=1_000_000)
    arguments.add_argument("--rate", type=int, default=2_000)
    arguments.add_argument("--seconds", type=int, default=60)
    asked = arguments.parse_args()
    chance = random.Random(20261126)
    said("release program", PROGRAM.stat().st_size / 1e6, "MB")

    hook_at = {}

    def hook(request):
        now = time.monotonic()
        for alert in json.loads(request.sent)["alerts"]:
            hook_at.setdefault(alert["labels"].get("place"), now)
        return 200, {}, ""

    receiver = Server(hook)
    secret = DIRECTORY / "secret"
    secret.touch(0o600)
    secret.write_text(webhook_secret()[1] + "\n")
    daemon = Daemon("load", f'[outward]\nallow = ["{receiver.host}"]\n',
                    receivers=RECEIVER.format(host=receiver.host, secret=secret))
    daemon.token = daemon.make_token()
    began = time.monotonic()
    daemon.start()
    said("cold start to ready, empty desk", time.monotonic() - began, "s")
    before = cpu_seconds(daemon)
    time.sleep(20)
    said("idle, empty desk", 100 * (cpu_seconds(daemon) - before) / 20, "% of a core")

    fill(daemon, asked.posts, chance)
    said("memory after filling: anonymous", memory(daemon)[0], "MiB")
    said("memory after filling: peak, mapped files included", memory(daemon)[2], "MiB")
    searches(daemon, chance)

    rows = [line.split("\t") for line in (REPOSITORY / "dictionaries/places.tsv").read_text().splitlines()]
    places = sorted({row[0] for row in rows if row[0].endswith("县")})
    chance.shuffle(places)
    following, stored = latency(daemon, hook_at, places, asked.rate, asked.seconds, asked.posts, chance)
    caught_up(daemon)

    load = Load(daemon, asked.rate, following, chance)
    target = following + asked.rate * 3
    wait_for("load", lambda: load.next >= target, 60)
    daemon.kill()
    load.stop()
    began = time.monotonic()
    daemon.start()
    said("kill -9 under load to ready", time.monotonic() - began, "s")
    caught_up(daemon)
    durable = daemon.get("/api/v1/posts/count")["count"]
    # What was acknowledged is there; of the batch that was under way, all or nothing.
    assert durable >= stored + load.next - following, (durable, stored, load.next, following)

    load = Load(daemon, 50, load.next + asked.rate, chance)
    time.sleep(30)
    anonymous, resident, _ = memory(daemon)
    said("memory at 50 posts/s: anonymous", anonymous, "MiB")
    said("memory at 50 posts/s: resident, mapped files included", resident, "MiB")
    load.stop()
    before = cpu_seconds(daemon)
    time.sleep(20)
    said("idle, full desk", 100 * (cpu_seconds(daemon) - before) / 20, "% of a core")
    caught_up(daemon)
    durable = daemon.get("/api/v1/posts/count")["count"]
    daemon.stop()

    began = time.monotonic()
    daemon.cli("rebuild", deadline=1_800)
    daemon.start(deadline=1_800)
    caught_up(daemon)
    # And the mark that tells that all is caught up.
    assert daemon.get("/api/v1/posts/count")["count"] == durable + 1, "posts after the views were made anew"
    said("all views made anew, to all searchable", time.monotonic() - began, "s")
    daemon.stop()


main()
