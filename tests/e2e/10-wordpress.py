#!/usr/bin/env python3
"""A real WordPress is crawled over HTTP: all that strangers may see is stored once, with the right parents; what
changes later is noticed; nobody's name is kept.

With the reference site beside the repository (`../shared/tools/start_wordpress.sh`, which wants root) that one is
crawled, else our own; E2E_SITE=own or E2E_SITE=reference decides it.
"""

import json
import os
from collections import Counter
from datetime import datetime

from lib import DIRECTORY, REPOSITORY, SHARED, Daemon, case, command, files_holding, finish, free_port, run, same, wait_for

REFERENCE = SHARED / "tools/start_wordpress.sh"
OWN = REPOSITORY / "tests/e2e/sites/wordpress.sh"
# A busy machine serves a page of a hundred comments in a second or two.
CRAWLED = 180.0
NOTICED = 60.0


class Site:
    """The WordPress."""

    def __init__(self):
        which = os.environ.get("E2E_SITE") or ("reference" if REFERENCE.exists() and os.geteuid() == 0 else "own")
        self.script = {"own": OWN, "reference": REFERENCE}[which]
        self.directory = DIRECTORY / "wordpress"
        self.port = free_port()
        self.truth, self.names = [], set()
        print(f"# site: {which}", flush=True)

    def does(self, action, *arguments):
        return run([self.script, action, self.directory, *arguments], deadline=300).stdout.split()

    def start(self):
        self.does("start", self.port)
        with (self.directory / "truth.jsonl").open() as lines:
            self.truth = [json.loads(line) for line in lines]
        self.names = {row["author"] for row in self.truth if row.get("author")}
        if self.script == OWN:
            self.names |= {"轮值编务", "没过审的人", "发广告的人"}

    def posts(self):
        return [row for row in self.truth if row["kind"] == "post"]

    def comments(self):
        return [row for row in self.truth if row["kind"] == "comment"]


def settings(site):
    return f"""
[outward]
allow = ["127.0.0.1:{site.port}"]

[crawl.politeness.hosts."127.0.0.1:{site.port}"]
min_interval = "20ms"
"""


def sources(site):
    kinds = [
        ("town", "wordpress", "", "[source.wordpress]\ncomments = true"),
        ("town-feed", "feed", "feed/", "[source.feed]\nofficial = true"),
        ("town-comments", "feed", "comments/feed/", "[source.feed]\ncomments = true"),
    ]
    return "".join(f"""
[[source]]
id = "{id}"
name = "禾川街坊"
kind = "{kind}"
url = "http://127.0.0.1:{site.port}/{path}"
[source.cadence]
min = "1s"
max = "2s"
sweep = "2s"
{options}
""" for id, kind, path, options in kinds)


def by_external_id(daemon, source="town"):
    """All stored posts of a source by the source's own ids; fails if one is there twice."""
    items = daemon.everything("/api/v1/posts", source=source)
    counted = Counter(item["external_id"] for item in items)
    twice = [id for id, times in counted.items() if times > 1]
    assert not twice, f"stored more than once: {twice[:5]}"
    same(len({item["id"] for item in items}), len(items), "different ids")
    return {item["external_id"]: item for item in items}


def whole(daemon, id):
    """A post of the source with its thread and revisions."""
    found = daemon.get("/api/v1/posts", source="town", external_id=id)["items"]
    assert len(found) == 1, f"{id}: {len(found)} posts"
    return daemon.get(f"/api/v1/posts/{found[0]['id']}")


def looks(daemon, source):
    """How often a source was looked at so far."""
    return sum(span["looks"] for span in daemon.get("/api/v1/coverage", source=source)["items"])


def after_two_looks(daemon, source="town"):
    # One may have been under way already.
    before = looks(daemon, source)
    wait_for(f"two more looks at {source}", lambda: looks(daemon, source) >= before + 2, NOTICED)


def main():
    command("php")
    command("mariadbd")
    site = Site()
    try:
        site.start()
        daemon = Daemon("daemon", settings(site), sources(site))
        daemon.start()
        cases(site, daemon)
    finally:
        site.does("stop")
    finish()


def cases(site, daemon):
    expected = {f"{row['kind']}:{row['id']}": row for row in site.truth}
    stored = {}

    with case("every approved article and comment is stored once"):
        assert len(site.posts()) >= 30 and len(site.comments()) >= 200, "the site is too small to tell anything"
        wait_for("all of it", lambda: daemon.get("/api/v1/posts/count", source="town")["count"] >= len(expected), CRAWLED)
        stored = by_external_id(daemon)
        same(sorted(set(expected) - set(stored)), [], "not stored")
        same(sorted(set(stored) - set(expected)), [], "stored though nobody may see it")

    with case("each has its place in its thread"):
        id = {external: item["id"] for external, item in stored.items()}
        replies = 0
        for row in site.comments():
            item = stored[f"comment:{row['id']}"]
            article = f"post:{row['post']}"
            parent = f"comment:{row['parent']}" if row["parent"] else article
            replies += bool(row["parent"])
            same((item["parent"], item["thread"]), (id[parent], id[article]), f"parent and thread of comment {row['id']}")
        assert replies > 20, "hardly anything answers anything"
        for row in site.posts():
            item = stored[f"post:{row['id']}"]
            same((item["parent"], item["kind"], item["title"]), (None, "article", row["title"]), f"post {row['id']}")

    with case("texts and times are those of the site"):
        plain = 0
        for row in site.comments():
            item = stored[f"comment:{row['id']}"]
            same(moment(item["published_at"]), moment(row["date_gmt"]), f"time of comment {row['id']}")
            same(item["dated"], "claimed", f"comment {row['id']}")
            assert item["text"].strip(), f"comment {row['id']} lost its text"
            assert "<script" not in item["text"], f"comment {row['id']} kept its script"
            if not row["odd"]:
                plain += 1
                same(item["text"], row["text"], f"text of comment {row['id']}")
        assert plain > 150, "hardly any plain text"

    with case("looking again stores nothing a second time"):
        after_two_looks(daemon)
        same(set(by_external_id(daemon)), set(expected), "stored")
        same([item["external_id"] for item in by_external_id(daemon).values() if item["missing_since"]], [], "missing")

    with case("the feed of the same site is read as well"):
        newest = [row["title"] for row in sorted(site.posts(), key=lambda row: row["date_gmt"])][-10:]
        wait_for("the feed", lambda: daemon.get("/api/v1/posts/count", source="town-feed")["count"] >= 10, NOTICED)
        titles = [item["title"] for item in by_external_id(daemon, "town-feed").values()]
        same([title for title in newest if title not in titles], [], "articles of the feed that are missing")
        assert all(item["official"] for item in daemon.everything("/api/v1/posts", source="town-feed"))

    with case("the feed of its comments is read as well, and replies know what they answer"):
        wait_for("the feed", lambda: daemon.get("/api/v1/posts/count", source="town-comments")["count"] >= 10, NOTICED)
        items = by_external_id(daemon, "town-comments")
        numbers = {external.rsplit("#comment-", 1)[1]: item for external, item in items.items()}
        truth = {str(row["id"]): row for row in site.comments()}
        for number, item in numbers.items():
            row = truth[number]
            same(item["kind"], "comment")
            if not row["odd"]:
                same(item["text"], row["text"], f"text of comment {number}")
            if str(row["parent"]) in numbers:
                same(item["parent"], numbers[str(row["parent"])]["id"], f"parent of comment {number}")

    with case("a comment added later is noticed"):
        article = site.posts()[-1]["id"]
        text = "锦溪路的路灯又坏了，老人走夜路摔了一跤"
        added = site.does("add", article, 2, text)
        same(len(added), 2, "comments added")
        for id in added:
            expected[f"comment:{id}"] = {"text": text}
        item = wait_for("the comments", lambda: [whole(daemon, f"comment:{id}") for id in added], NOTICED)[0]
        same((item["text"], item["parent"]), (text, stored[f"post:{article}"]["id"]))

    with case("an article published later is noticed"):
        title = "麦浪路临时封闭三天"
        id = site.does("post", title, "麦浪路因管道抢修临时封闭三天，请绕行川北路。")[0]
        expected[f"post:{id}"] = {"title": title}
        item = wait_for("the article", lambda: whole(daemon, f"post:{id}"), NOTICED)
        same((item["title"], item["kind"]), (title, "article"))
        found = lambda: [item for item in daemon.everything("/api/v1/posts", source="town-feed") if item["title"] == title]
        same(len(wait_for("the article in the feed", found, NOTICED)), 1, "the article by the feed")

    with case("a comment edited later is kept with both texts"):
        row = next(row for row in site.comments() if not row["odd"])
        external, text = f"comment:{row['id']}", "说错了，是昨天夜里就停了，现在还没来"
        site.does("edit", row["id"], text)
        edited = lambda: (item := whole(daemon, external)) and item["text"] == text and item
        item = wait_for("the new text", edited, NOTICED)
        same(item["id"], stored[external]["id"], "its id")
        same([revision["text"] for revision in item["revisions"]], [row["text"]], "earlier texts")
        found = lambda: daemon.get("/api/v1/posts", q='"昨天夜里就停了"', source="town")["total"]
        same(wait_for("it to be found by the new text", found), 1, "found by the new text")

    with case("a comment deleted later is marked as missing, and it alone"):
        answered = {row["parent"] for row in site.comments()}
        row = next(row for row in site.comments() if not row["odd"] and row["id"] not in answered and row["parent"])
        external = f"comment:{row['id']}"
        site.does("del", "comment", row["id"])
        item = wait_for("missing_since", lambda: (item := whole(daemon, external))["missing_since"] and item, NOTICED)
        same((item["id"], item["text"]), (stored[external]["id"], row["text"]), "what was said stays on record")
        after_two_looks(daemon)
        missing_before = [id for id, item in by_external_id(daemon).items() if item["missing_since"]]
        same(missing_before, [external], "missing")
        same(set(by_external_id(daemon)), set(expected), "stored")

    with case("an article deleted later is marked as missing with its comments, and stays on record"):
        row = site.posts()[0]
        under = [item["external_id"] for item in whole(daemon, f"post:{row['id']}")["thread_posts"]]
        gone = {f"post:{row['id']}", *under}
        assert len(gone) > 1, "no article with comments"
        site.does("del", "post", row["id"])
        missing = lambda: {id for id, item in by_external_id(daemon).items() if item["missing_since"]}
        wait_for("missing_since", lambda: gone <= missing(), NOTICED)
        after_two_looks(daemon)
        same(missing(), gone | set(missing_before), "missing")
        same(set(by_external_id(daemon)), set(expected), "stored")

    with case("no name of a writer is in any answer, file or log"):
        names = {name for name in site.names if not any(name in row.get("text", "") + row.get("title", "") for row in site.truth)}
        assert len(names) >= 8, f"too few names to tell anything: {names}"
        paths = ["/api/v1/incidents", "/api/v1/sources", "/api/v1/notifications", "/metrics", "/api/v1/coverage?source=town"]
        paths += [f"/api/v1/posts?source={id}&limit=500" for id in ("town", "town-feed", "town-comments")]
        paths += [f"/api/v1/posts/{item['id']}" for item in list(stored.values())[:40]]
        answers = "".join(daemon.get(path, raw=True) for path in paths)
        answers += json.dumps(daemon.everything("/api/v1/posts", source="town"), ensure_ascii=False)
        same([name for name in names if name in answers], [], "names in answers")
        known = next(row["text"] for row in site.comments() if not row["odd"] and len(row["text"]) > 8)
        assert files_holding(daemon.data, [known]), "texts do not stand in the files as they are: this shows nothing"
        same(files_holding(daemon.data, names), set(), "names in files")
        same([name for name in names if name in daemon.log()], [], "names in the log")

    with case("what is not approved is in no file"):
        same(files_holding(daemon.data, ["未审核，不"]), set(), "in files")

    with case("the command line finds it, beside the daemon and without it"):
        ask = ["search", '"麦浪路临时封闭三天"', "--source", "town", "--json"]
        beside = [json.loads(line)["id"] for line in daemon.cli(*ask).stdout.splitlines()]
        daemon.stop()
        alone = [json.loads(line)["id"] for line in daemon.cli(*ask).stdout.splitlines()]
        same(len(beside), 1, "found beside the daemon")
        same(alone, beside, "found without it")
        daemon.cli("verify")

    with case("after a restart nothing is stored a second time"):
        daemon.start()
        after_two_looks(daemon)
        same(set(by_external_id(daemon)), set(expected), "stored")
        daemon.stop()


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


main()
