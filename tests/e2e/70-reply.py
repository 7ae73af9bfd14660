#!/usr/bin/env python3
"""The public's answer: what somebody at the desk says is looked at, at its source; what an office writes under the post is
noticed by itself. Also: posts that tell of another matter are split off, and a checklist is worked through."""

import datetime
import json

from lib import Daemon, case, finish, same, wait_for
from loopback import Server

CLOCKS = """
[[clock]]
name = "answer"
title = "政务舆情回应"
limit = "48h"
until = "answered"
"""
PAGE = "<!doctype html><html lang=zh><head><title>{title}</title></head><body><nav>首页 信息公开</nav><article>{text}</article></body></html>"
PAGES = {
    "/notice": ("关于解放路小学燃气泄漏的通报", "<p>解放路小学旁的燃气泄漏已于今天14时关阀止漏，无人员伤亡。</p>"),
    "/thanks": ("回复", "<p>解放路小学燃气泄漏一事已收悉，已转交相关部门尽快处理，感谢您的关注。</p>"),
    "/other": ("公园花展", "<p>本周六公园举办花展。</p>"),
}


def main():
    missing = set()

    def answer(request):
        path = request.path.split("?")[0]
        if path == "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, "User-agent: *\nDisallow: /private\n"
        if path in PAGES and path not in missing:
            title, text = PAGES[path]
            return 200, {"Content-Type": "text/html; charset=utf-8"}, PAGE.format(title=title, text=text)
        return 404, {}, "nothing here"

    site = Server(answer)
    daemon = Daemon("reply", f'[outward]\nallow = ["{site.host}"]\n\n[crawl.politeness]\nmin_interval = "1s"\n')
    daemon.write("clocks.toml", CLOCKS)
    daemon.write("checklists.toml", "[[checklist]]\nitems = ['电话报告', '联系现场', '登记链接']\n")
    daemon.start()

    def push(name, text, **more):
        at = datetime.datetime.now(datetime.timezone.utc).isoformat()
        return daemon.push({"id": name, "source": "town", "author": name, "published_at": at, "text": text, **more})

    def incident(name, text, **more):
        before = {one["id"] for one in daemon.incidents()}
        push(name, text, **more)
        fresh = lambda: [one["id"] for one in daemon.incidents() if one["id"] not in before]
        return wait_for(f"the incident of {name}", fresh)[0]

    def step(one, what, **body):
        headers = {"Content-Type": "application/json"}
        sent = json.dumps(body, ensure_ascii=False).encode()
        status, _, told = daemon.request("POST", f"/api/v1/incidents/{one}/{what}", sent, headers)
        return status, told

    def stands(one):
        whole = daemon.get(f"/api/v1/incidents/{one}")
        return {reply["url"].rsplit("/", 1)[-1]: reply["standing"] for reply in whole["replies"]}, whole

    with case("reply: it stops the clock once it was seen, and not by thanks, by another matter or by the complaint itself"):
        url = f"http://{site.host}"
        one = incident("gas", "解放路小学旁边燃气泄漏，有人晕倒，快来救人", url=f"{url}/thread/1", kind="post")
        same(step(one, "acknowledge")[0], 200, "taking it")
        for page, standing in [("thanks", "courtesy"), ("other", "off-matter"), ("nothing", "missing"),
                               ("private", "hidden"), ("notice", "answers")]:
            status, told = step(one, "respond", url=f"{url}/{page}")
            same(status, 200, f"saying so: {told}")
            wait_for(f"what was seen at /{page}", lambda: stands(one)[0].get(page) == standing)
            clock = stands(one)[1]["clocks"][0]["standing"]
            same(clock, "met" if page == "notice" else "runs", f"the clock after /{page}")
        whole = stands(one)[1]
        seen = next(reply for reply in whole["replies"] if reply["standing"] == "answers")
        assert len(seen["digest"]) == 16 and seen["found"] == "desk" and "燃气" in seen["title"], seen
        page = daemon.get(f"/incidents/{one}", raw=True)
        assert "已核验，公众可见" in page and "套话" in page and "与本事项无关" in page, "the page does not tell"

    with case("reply: what an office writes under the post counts by itself; what it writes under another does not"):
        two = incident("flood", "滨河路积水齐腰，车里有人被困，快来救人", url=f"{url}/thread/2", kind="post", thread="flood")
        same(step(two, "acknowledge")[0], 200, "taking it")
        push("office-1", "今晚全市天气晴好。", official=True, kind="comment", thread="flood", parent="other", url=f"{url}/comment/a")
        push("office-2", "消防已将被困人员全部救出，积水正在抽排。", official=True, kind="comment", thread="flood",
             parent="flood", url=f"{url}/comment/b")
        whole = wait_for("the office's answer", lambda: stands(two)[1] if stands(two)[0] else None)
        same([(reply["standing"], reply["found"]) for reply in whole["replies"]], [("answers", "crawler")], "answers")
        same((whole["state"], whole["clocks"][0]["standing"]), ("responded", "met"), "state and clock")

    with case("checklist and split: items are checked off by name, posts of another matter go on by themselves"):
        items = [item["item"] for item in whole["checklist"]]
        assert len(items) >= 3, items
        same(step(two, "check", item=items[0])[0], 200, "checking off")
        same(step(two, "check", item="不存在")[0], 400, "an unknown item")
        done = [item for item in stands(two)[1]["checklist"] if item["done"]]
        same([item["item"] for item in done], items[:1], "done")
        push("flood-2", "滨河路积水齐腰，车里有人被困，井盖也被冲走了，快来救人", url=f"{url}/thread/3", kind="post")
        whole = wait_for("two posts as evidence", lambda: (found := stands(two)[1]) and len(found["evidence"]) > 1 and found)
        post = next(shown["id"] if "id" in shown else shown["post"] for shown in whole["evidence"] if "井盖" in shown["excerpt"])
        status, told = step(two, "split", posts=[post], note="井盖另行处置")
        same(status, 200, f"splitting: {told}")
        into = next(entry["incident"] for entry in stands(two)[1]["timeline"] if entry["what"] == "split")
        other = daemon.get(f"/api/v1/incidents/{into}")
        same((other["state"], len(other["evidence"]), other["opened_at"]), ("new", 1, whole["opened_at"]), "the other")
    daemon.stop()
    finish()


main()
