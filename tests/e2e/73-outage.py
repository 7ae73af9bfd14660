#!/usr/bin/env python3
"""What cannot be heard: a source that is not read any more is told once, over kill -9 too, and once more when it is read
again; no incident is made of it."""

import json

from lib import Daemon, case, finish, same, wait_for
from loopback import Server, webhook_secret

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<item><title>今天的晚霞真好看</title><link>http://{host}/1</link><guid>1</guid><description>大家都去看</description></item>
</channel></rss>"""
SOURCES = """
[[source]]
id = "{id}"
name = "{name}"
kind = "feed"
url = "http://{host}/{id}"
[source.cadence]
min = "1s"
max = "2s"
"""
RULES = """
[[rule]]
name = "unread"
title = "信源读不到"
when = { unread = "10s" }

[[rule]]
name = "few"
title = "多数信源读不到"
when = { coverage = 60, lasts = "10s" }
grade = "orange"
receivers = ["chief"]
"""
RECEIVER = """
[[receiver]]
name = "{name}"
kind = "webhook"
[receiver.webhook]
url = "http://{host}/hook/{name}"
secret_env = "HOOK_SECRET"
"""


def main():
    told, broken = [], set()

    def answer(request):
        path = request.path.strip("/")
        if path.startswith("hook/"):
            alert = json.loads(request.sent)["alerts"][0]
            told.append((path.split("/")[1], alert["annotations"]["reason"], alert["labels"]["grade"], request.sent.decode()))
            return 200, {}, "{}"
        if path in ("forum", "news"):
            feed = FEED.format(host=request.headers["Host"])
            return (503, {}, "later") if path in broken else (200, {"Content-Type": "application/rss+xml"}, feed)
        return 404, {}, ""

    # A host each: two sources of one host wait for each other, as is polite.
    server, forum, news = Server(answer), Server(answer), Server(answer)
    host = server.host
    sources = (SOURCES.format(id="forum", name="街坊论坛", host=forum.host)
               + SOURCES.format(id="news", name="本地要闻", host=news.host))
    allowed = ", ".join(f'"{one.host}"' for one in (server, forum, news))
    receivers = RECEIVER.format(name="duty", host=host) + RECEIVER.format(name="chief", host=host)
    daemon = Daemon("outage", f'[outward]\nallow = [{allowed}]\n', sources=sources, receivers=receivers, rules=RULES,
                    environment={"HOOK_SECRET": webhook_secret()[1]})
    daemon.start()

    def heard(receiver, reason):
        return [(grade, text) for name, why, grade, text in told if (name, why) == (receiver, reason)]

    def outcomes():
        return {source["id"]: source["outcome"] for source in daemon.get("/api/v1/sources")["items"]}

    with case("outage: a source that cannot be read is told once, with its name and why, and over kill -9 not again"):
        wait_for("both read", lambda: outcomes() == {"forum": "observed", "news": "observed"})
        same(daemon.get("/api/v1/outages")["items"], [], "outages")
        broken.add("forum")
        wait_for("the duty officer told", lambda: heard("duty", "outage"), deadline=90.0)
        grade, text = heard("duty", "outage")[0]
        same(grade, "yellow", "grade")
        assert "街坊论坛" in text and "信源读不到" in text and "503" in text, text
        # One of two is fewer than 60 percent: another rule, another receiver.
        wait_for("the chief told", lambda: [text for grade, text in heard("chief", "outage") if grade == "orange"], deadline=60.0)
        shown = daemon.get("/api/v1/outages")["items"]
        same(sorted((one["rule"], one["source"]) for one in shown), [("few", None), ("unread", "forum")], "what the API lists")
        assert "街坊论坛" in daemon.get("/sources", raw=True).split("<ul")[0], "the page of sources"
        wait_for("nothing waiting", lambda: daemon.notifications(state="waiting") == [])
        before = len(told)
        daemon.kill()
        daemon.start()
        same(len(daemon.get("/api/v1/outages")["items"]), 2, "after kill -9")

    with case("outage: when it is read again that is told once, and nothing of it became an incident"):
        broken.clear()
        def read_again():
            daemon.post("/api/v1/sources/forum/fetch-now")
            return outcomes()["forum"] == "observed"
        wait_for("read again", read_again, every=0.5)
        wait_for("the duty officer told", lambda: heard("duty", "recovered"), deadline=60.0)
        wait_for("the chief told", lambda: [one for one in heard("chief", "recovered") if one[0] == "orange"], deadline=60.0)
        same(daemon.get("/api/v1/outages")["items"], [], "outages")
        wait_for("nothing waiting", lambda: daemon.notifications(state="waiting") == [])
        kinds = sorted((name, why) for name, why, _, _ in told[before:])
        same(kinds, [("chief", "recovered"), ("chief", "recovered"), ("duty", "recovered")], "what was told since the kill")
        same(daemon.incidents(), [], "incidents")
        export = daemon.get("/api/v1/audit", raw=True)
        same(export.count('"kind":"outage"'), 4, "lines of the audit")
    finish()


main()
