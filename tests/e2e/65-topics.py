#!/usr/bin/env python3
"""What suddenly rises, from the door to the alert: a town talks for three days, then a dozen people speak of one
place within half an hour, with kill -9 in the midst. The alert comes once, API and page show the topic, and `replay`
of the same posts tells the same.

What the town talks of comes from a seed, which is printed; set MINSHENG_SEED to see one again.
"""

import datetime
import json
import os
import random
import shutil

from lib import DIRECTORY, REPOSITORY, Daemon, case, finish, same, wait_for
from loopback import Server, webhook_secret

SEED = int(os.environ.get("MINSHENG_SEED") or int.from_bytes(os.urandom(4), "big"))
DAYS, A_DAY = 3, 200
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

RULES = """
[[rule]]
name = "rising-topic"
title = "话题突然升温"
when = { topic = "alarm" }
grade = "yellow"
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
WHO = ["邻居", "同事", "外婆", "表哥", "老师傅", "室友", "房东", "店家", "舅舅", "队友", "同桌", "朋友"]
WHAT = ["做了红烧肉", "养了两只鹦鹉", "种的番茄结果了", "买了台旧唱机", "学会了吹口琴", "织了条灰围巾", "拍到一张晚霞",
        "煮的豆浆很香", "换了新书架", "钓到一条鲫鱼", "跑完了半马", "修好了老座钟", "画了一幅水彩", "寄来一箱橘子", "追完了一部剧"]
WHEN = ["周末", "昨晚", "清早", "午后", "下班路上", "放学以后", "饭后", "半夜", "趁着晴天", "雨停了", "开春以来", "假期里"]
HOW = ["真不错", "大家都笑了", "我也想试试", "看着就高兴", "不知道怎么夸", "值得记一笔", "下次还要去", "就是有点累", "比想象的好", "一点都不难"]
STORY = ["锦华里停水了，一早起来没法洗脸", "下班回家发现锦华里停水，水龙头一滴都没有", "锦华里又停水，老人提着桶到处找水",
         "问一下锦华里停水什么时候能来水？饭都做不了", "孩子发烧要喝热水，偏偏锦华里停水", "锦华里停水，物业说不知道原因，急人",
         "店里今天只好关门，锦华里整条街停水", "锦华里停水没人通知，马桶都冲不了", "六楼也没水了，锦华里停水到底怎么回事",
         "自来水热线打不通，锦华里停水半天了", "我们锦华里停水，超市的矿泉水都卖空了", "锦华里停水，洗衣机洗到一半停了",
         "奶奶住锦华里，打电话说停水了没法做饭", "锦华里停水还要停多久，给个准信行不行"]


def talk(rng):
    """Three days of a town: none of it is anybody's business."""
    begun = NOW - datetime.timedelta(days=DAYS)
    for number in range(DAYS * A_DAY):
        at = begun + datetime.timedelta(days=DAYS) * (number / (DAYS * A_DAY)) - datetime.timedelta(hours=1)
        parts = [rng.choice(words) for words in (WHEN, WHO, WHAT, HOW)]
        yield {"id": f"t{number}", "source": "town", "author": f"人{number}", "published_at": at.isoformat(),
               "text": f"{parts[0]}{parts[1]}{parts[2]}，{parts[3]}"}


def story():
    for number, text in enumerate(STORY):
        at = NOW - datetime.timedelta(minutes=30) + datetime.timedelta(minutes=2) * number
        yield {"id": f"s{number}", "source": "town", "author": f"居民{number}", "published_at": at.isoformat(), "text": text,
               "url": f"https://town.example/{number}"}


def dictionaries():
    """Those of the repository, and the place of the story."""
    here = DIRECTORY / "dictionaries"
    shutil.copytree(REPOSITORY / "dictionaries", here)
    with (here / "places.tsv").open("a") as places:
        places.write("锦华里\t禾川市\testate\t\n")
    return here


class Bus:
    """Keeps the alerts it is sent."""

    def __init__(self):
        self.alerts = {}
        self.server = Server(self.answer)

    def answer(self, request):
        self.alerts[request.headers["webhook-id"]] = json.loads(request.sent)
        return 200, {}, "{}"


def main():
    print(f"# seed {SEED}", flush=True)
    bus = Bus()
    host = bus.server.host
    daemon = Daemon("town", f'[outward]\nallow = ["{host}"]\n', receivers=RECEIVERS.format(host=host), rules=RULES,
                    environment={"HOOK_SECRET": webhook_secret()[1]}, dictionaries=dictionaries())
    daemon.start()
    before, burst = list(talk(random.Random(SEED))), list(story())
    for at in range(0, len(before), 100):
        daemon.push(*before[at:at + 100])

    with case("topics: three days of everyday talk raise nothing"):
        wait_for("the talk found by search", lambda: daemon.get("/api/v1/posts/count", source="town")["count"] == len(before))
        same(daemon.get("/api/v1/topics")["items"], [], "topics")
        same(daemon.incidents(), [], "incidents")

    with case("topics: a dozen people on one place are one incident and one alert, with kill -9 in the midst"):
        daemon.push(*burst[:4])
        daemon.kill()
        daemon.start()
        for post in burst[4:]:
            daemon.push(post)
        incident = wait_for("the incident", lambda: next(iter(daemon.incidents()), None))
        wait_for("the alert", lambda: bus.alerts)
        daemon.kill()
        daemon.start()
        wait_for("the posts once more", lambda: daemon.get("/api/v1/posts/count", source="town")["count"] == len(before) + len(burst))
        wait_for("the topic after a restart", lambda: daemon.get("/api/v1/topics")["items"])
        same([one["id"] for one in daemon.incidents()], [incident["id"]], "incidents")
        opened = [one for one in daemon.notifications() if one["reason"] == "opened"]
        same(len(opened), 1, "alerts of its opening")
        same((incident["place"], incident["category"], incident["rules"]), ("锦华里", "utilities", ["rising-topic"]), "what it is about")
        assert incident["why"][0].startswith("话题突然升温：“") and "锦华里" in incident["why"][0], incident["why"]
        assert "提到，往常同一时段" in incident["why"][0], incident["why"]
        assert 3 <= len(incident["evidence"]) <= 20, incident["evidence"]

    with case("topics: the API tells of it with curve and evidence, the page shows it, and who wrote stands nowhere"):
        (topic,) = daemon.get("/api/v1/topics")["items"]
        same((topic["level"], topic["place"], topic["category"]), ("alarm", "锦华里", "utilities"), "the topic")
        assert "锦华里" in topic["term"] and topic["voices"] >= 8 and topic["expected"] < 1, topic
        assert sum(hour["posts"] for hour in topic["curve"]) >= 8 and len(topic["evidence"]) >= 3, topic
        page = daemon.get("/topics", raw=True)
        for shown in (topic["term"], topic["why"], f'/incidents/{incident["id"]}', "<svg"):
            assert shown in page, f"{shown} is not on the page"
        text = json.dumps([topic, daemon.incidents()], ensure_ascii=False) + page
        assert "居民" not in text, "a writer's name"

    with case("topics: a wrong parameter is refused, and metrics tell how full the tables are"):
        status, _, _ = daemon.request("GET", "/api/v1/topics?author=x")
        same(status, 400, "status")
        metrics = daemon.get("/metrics", raw=True)
        assert 'minsheng_topic_table_fill{table="baseline"}' in metrics and "minsheng_topics 1" in metrics, metrics

    with case("topics: `replay` of the same posts tells the same, twice to the byte"):
        path = DIRECTORY / "stream.jsonl"
        path.write_text("".join(json.dumps(post, ensure_ascii=False) + "\n" for post in before + burst))
        told = daemon.cli("replay", path).stdout
        same(daemon.cli("replay", path).stdout, told, "second replay")
        lines = [json.loads(line) for line in told.splitlines()]
        first = next(line for line in lines if line["type"] == "topic")
        signal = next(line for line in lines if line["type"] == "signal")
        assert "锦华里" in first["term"], first
        same((signal["rule"], signal["measure"]["what"]), ("rising-topic", "topic"), "the signal")
        same([line["state"] for line in lines if line["type"] == "incident"][:1], ["new"], "the incident")
        assert any(line["type"] == "incident" and line["why"][0] == incident["why"][0] for line in lines), \
            (incident["why"], [line["why"] for line in lines if line["type"] == "incident"])

    with case("topics: other bounds of the tables are taken up at the next start, and nothing is told twice"):
        daemon.stop()
        daemon.write("minsheng.toml", f'[web]\nlisten = "127.0.0.1:0"\n[outward]\nallow = ["{host}"]\n[detect.topics]\nmax_keys = 50000\n')
        daemon.start()
        wait_for("the topic heard anew", lambda: daemon.get("/api/v1/topics")["items"])
        same([one["id"] for one in daemon.incidents()], [incident["id"]], "incidents")
        daemon.stop()
        daemon.write("minsheng.toml", "[detect.topics]\nmin_voices = 1\nquiett = \"1h\"\n")
        told = daemon.cli("check", check=False)
        same(told.returncode, 2, "exit status of `check`")
        assert "quiett" in told.stdout + told.stderr and "quiet" in told.stdout + told.stderr, told
    finish()


main()
