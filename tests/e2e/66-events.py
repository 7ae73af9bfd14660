#!/usr/bin/env python3
"""Events, from the door to the page: two estates without water and a smell at one of them are three events, also with
kill -9 in the midst; an answer and a copy belong to theirs; API, page and `replay --members` tell the same."""

import datetime
import json
import shutil

from lib import DIRECTORY, REPOSITORY, Daemon, case, finish, same, wait_for

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
RULES = """
[[rule]]
name = "grave-event"
title = "事件升级"
when = { event = "yellow" }
"""
HERE, THERE = "锦华里", "听涛苑"
STORIES = {
    "water-here": [f"{HERE}停水了，一早起来没法洗脸", f"下班回家发现{HERE}停水，水龙头一滴都没有",
                   f"{HERE}又停水，老人提着桶到处找水", f"问一下{HERE}停水什么时候能来水？饭都做不了",
                   f"孩子发烧要喝热水，偏偏{HERE}停水两天了"],
    "water-there": [f"{THERE}停水了，一早起来没法洗脸", f"下班回家发现{THERE}停水，水龙头一滴都没有",
                    f"{THERE}又停水，老人提着桶到处找水"],
    "smell-here": [f"{HERE}旁边的工厂半夜排臭气，熏得睡不着", f"{HERE}一开窗全是刺鼻的化工味，环保局管管吧",
                   f"昨晚{HERE}臭气又来了，孩子直咳嗽，熏得睡不着"],
}


def posts():
    """The stories mixed, a minute between two."""
    told, number = [], 0
    for turn in range(5):
        for story, texts in STORIES.items():
            if turn < len(texts):
                at = NOW - datetime.timedelta(minutes=40 - number)
                told.append({"id": f"{story}-{turn}", "source": "town", "author": f"居民{number}", "published_at": at.isoformat(),
                             "text": texts[turn], "url": f"https://town.example/{number}"})
                number += 1
    at = (NOW - datetime.timedelta(minutes=5)).isoformat()
    told.append({"id": "answer", "source": "town", "kind": "comment", "parent": "water-here-0", "official": True,
                 "published_at": at, "text": "已安排抢修，今晚恢复供水。"})
    told.append({**told[0], "id": "copy", "author": "转抄的人", "published_at": at, "url": "https://town.example/copy"})
    return told


def dictionaries():
    here = DIRECTORY / "dictionaries"
    shutil.copytree(REPOSITORY / "dictionaries", here)
    with (here / "places.tsv").open("a") as places:
        places.write(f"{HERE}\t禾川市\testate\t\n{THERE}\t禾川市\testate\t\n")
    return here


def main():
    daemon = Daemon("town", rules=RULES, dictionaries=dictionaries())
    daemon.start()
    told = posts()

    def events():
        return daemon.get("/api/v1/events")["items"]

    with case("events: two places and two problems are three events, with kill -9 in the midst"):
        daemon.push(*told[:9])
        wait_for("the first events", lambda: sum(event["posts"] for event in events()) == 9)
        first = sorted(event["id"] for event in events())
        daemon.kill()
        daemon.start()
        daemon.push(*told[9:])
        wait_for("all posts in their events", lambda: sum(event["posts"] for event in events()) == len(told))
        same(sorted(event["id"] for event in events()), first, "the events' ids")
        found = {(event["place"], event["category"]): event for event in events()}
        same(sorted(found), sorted([(HERE, "environment"), (HERE, "utilities"), (THERE, "utilities")]), "place and matter")

    with case("events: the answer and the copy belong to their event, and who wrote stands nowhere"):
        water = daemon.get(f'/api/v1/events/{found[HERE, "utilities"]["id"]}')
        same((water["posts"], water["copies"], water["comments"]), (7, 1, 1), "posts, copies, comments")
        assert water["answered_at"] and HERE in water["title"] and "停水" in water["title"], water
        same(sum(hour["posts"] for hour in water["curve"]), 7, "posts of the curve")
        same([source["source"] for source in water["sources"]], ["town"], "sources")
        same(water["forecast"], [], "a forecast without any event that is over")
        assert water["grade"] != "none" and 0 < water["score"] <= 100, water
        same(round(sum(line["points"] for line in water["factors"])), water["score"], "the score's lines")
        pages = daemon.get("/events", raw=True) + daemon.get(f'/events/{water["id"]}', raw=True)
        for shown in (water["title"], "数据不足", "官方已有回应", "<svg", "为什么是这个等级"):
            assert shown in pages, f"{shown} is not on the pages"
        assert "居民" not in pages + json.dumps(water, ensure_ascii=False), "a writer's name"

    with case("events: what reached the grade is one incident, and names the event"):
        incident = wait_for("the incident", lambda: next(iter(daemon.incidents()), None))
        same(incident["rules"], ["grave-event"], "rules")
        assert incident["why"][0].startswith("事件升级：“") and "评为" in incident["why"][0], incident["why"]

    with case("events: what the desk says of a claim stands on its page, on the incident and in `facts`, also after kill -9"):
        card = {"claim": f"{HERE}要停水一周", "status": "false", "source": "市水务局", "note": "今晚恢复供水"}
        path = f'/api/v1/events/{found[HERE, "utilities"]["id"]}/fact'
        without = json.dumps({**card, "source": None}).encode()
        same(daemon.request("POST", path, without)[0], 400, "status of a finding without an office")
        same(daemon.post(path, card)["status"], "false", "the card")
        daemon.kill()
        daemon.start()
        same([fact["claim"] for fact in daemon.get("/api/v1/facts")["items"]], [card["claim"]], "cards after a kill")
        timeline = daemon.get(f'/api/v1/incidents/{incident["id"]}')["timeline"]
        noted = json.dumps(timeline, ensure_ascii=False)
        if any(shown["post"] in {e["post"] for e in water["evidence"]} for shown in incident["evidence"]):
            assert "不实（市水务局）。今晚恢复供水" in noted, noted
        wait_for("the event after the kill", lambda: events())
        assert "不实" in daemon.get(f'/events/{found[HERE, "utilities"]["id"]}', raw=True), "the card on the page"

    with case("events: an unknown one is not found, a wrong parameter is refused"):
        same(daemon.request("GET", "/api/v1/events/none")[0], 404, "status of an unknown event")
        same(daemon.request("GET", "/api/v1/events?author=x")[0], 400, "status")

    with case("events: `replay --members` puts the same posts together, twice to the byte"):
        path = DIRECTORY / "stream.jsonl"
        path.write_text("".join(json.dumps(post, ensure_ascii=False) + "\n" for post in told))
        lines = daemon.cli("replay", "--members", path).stdout
        same(daemon.cli("replay", "--members", path).stdout, lines, "second replay")
        lines = [json.loads(line) for line in lines.splitlines()]
        members = {line["post"]: line["event"] for line in lines if line["type"] == "membership"}
        same(sorted(members), sorted(post["id"] for post in told), "posts")
        for story, texts in STORIES.items():
            same(len({members[f"{story}-{turn}"] for turn in range(len(texts))}), 1, f"events of {story}")
        same(len(set(members.values())), 3, "events")
        same((members["answer"], members["copy"]), (members["water-here-0"],) * 2, "the event of answer and copy")
        assert any(line["type"] == "event" and HERE in line["title"] for line in lines), lines[:3]

    with case("events: what an officer takes apart and puts together is final, the same after kill -9 and observed anew"):
        by_place = {(event["place"], event["category"]): event for event in events()}
        water, other = by_place[HERE, "utilities"], by_place[THERE, "utilities"]
        wrong = [member for member in water["members"] if member in {shown["post"] for shown in water["evidence"]}][:2]
        before = water["posts"]

        def step(event, what, **body):
            sent = json.dumps(body, ensure_ascii=False).encode()
            return daemon.request("POST", f"/api/v1/events/{event}/{what}", sent, {"Content-Type": "application/json"})

        same(step(water["id"], "split", posts=wrong)[0], 400, "without a reason")
        same(step(water["id"], "split", posts=water["members"], reason="x")[0], 400, "all of them")
        same(step(water["id"], "split", posts=other["members"][:1], reason="x")[0], 400, "another's")
        same(step(water["id"], "merge", into=water["id"], reason="x")[0], 400, "into itself")
        same(step(water["id"], "merge", into="0" * 16, reason="x")[0], 404, "into none")
        status, _, body = step(water["id"], "split", posts=wrong, reason="说的是另一件事")
        same(status, 200, "split")
        new = json.loads(body)["event"]
        status, _, body = step(other["id"], "merge", into=water["id"], reason="同一条主管道")
        same((status, json.loads(body)["event"]), (200, water["id"]), "merge")

        def stands():
            shown = {event["id"]: sorted(event["members"]) for event in events()}
            return shown.get(new), shown.get(water["id"]), other["id"] in shown

        wanted = (sorted(wrong), sorted(set(water["members"]) - set(wrong) | set(other["members"])), False)
        wait_for("the events as they were said to be", lambda: stands() == wanted)
        kept = daemon.get(f"/api/v1/events/{water['id']}")
        same(kept["posts"], before - 2 + other["posts"], "posts")
        page = daemon.get(f"/events/{water['id']}", raw=True)
        assert "归并不对？" in page and "拆成另一个事件" in page, "the page's offer"
        daemon.kill()
        (daemon.data / "detector.snapshot").unlink(missing_ok=True)
        daemon.start()
        wait_for("the same, observed anew", lambda: stands() == wanted)

    daemon.stop()
    finish()


main()
