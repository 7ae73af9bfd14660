#!/usr/bin/env python3
"""The desk's verdicts and what follows from them: given by the API, exported as labels, taught to a model together
with the labelled posts of the repository; and stored posts judged again after a change of the dictionaries, with
kill -9 in the midst of it: finished or not begun after the restart, never half.

The times of the kills come from a seed, which is printed; set MINSHENG_SEED to see one again.
"""

import json
import os
import random
import shutil
import time

from lib import DIRECTORY, REPOSITORY, ApiError, Daemon, case, finish, same, wait_for

SEED = int(os.environ.get("MINSHENG_SEED") or int.from_bytes(os.urandom(4), "big"))
POSTS = 3000
KILLS = 5
WORD = "嘟噜机"
HEAD = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote\n"
TEXTS = ["今天的晚霞真好看", "{place}停水三天了，没有人管", f"{{place}}的{WORD}现在还在冒，老人孩子都不敢出门，快派人来",
         "{place}四号楼起火，有人被困在三楼", "请问公园几点开门？", "公司拖欠工资四个月，孩子学费都交不上", "楼下的包子铺搬到街角去了"]
PLACES = ["云锦苑", "锦华里", "石渡镇", "望江花园"]


def texts():
    for number in range(POSTS):
        text = TEXTS[number % len(TEXTS)].format(place=PLACES[number % len(PLACES)])
        yield {"id": str(number), "source": "forum", "author": f"居民{number % 97}", "url": f"https://forum.example/{number}",
               "text": f"{text}（{number}）"}


def dictionaries():
    here = DIRECTORY / "dictionaries"
    shutil.copytree(REPOSITORY / "dictionaries", here)
    (here / "site").mkdir()
    return here


class Desk(Daemon):
    """A daemon whose dictionaries change, and what it says of its posts."""

    def teach(self, weight):
        """Gives the word another weight, and waits until that is in force."""
        began = len(self.log())
        path = self.dictionaries / "site/90-e2e.tsv"
        fresh = path.with_suffix(".new")
        fresh.write_text(f"# layer: site\n{HEAD}{WORD}\tsafety\ttopic\t{weight}\t\t\t\t\t\t\t应急组\t\n")
        fresh.replace(path)
        wait_for("other dictionaries in force", lambda: '"dictionaries in force"' in self.log()[began:])

    def judged(self):
        """Each post as search shows it: all of the judgement."""
        return {post["external_id"]: post["assessment"] for post in self.everything("/api/v1/posts", source="forum")}

    def versions(self):
        return {one["versions"]["dictionary"] for one in self.judged().values()}

    def versions_at_once(self):
        """The versions of one moment: pages read while the judgements were exchanged are read again."""
        while True:
            before = self.rescored()["state"]
            seen = self.versions()
            if self.rescored()["state"] == before:
                return seen

    def rescored(self):
        return self.get("/api/v1/rescore")

    def wait_rescored(self):
        wait_for("stored posts judged again", lambda: self.rescored()["state"] == "done", 300)

    def concluded(self):
        return sorted((i["id"], i["grade"], i["title"], i["dictionary"], len(i["evidence"])) for i in self.incidents())

    def verdicts(self, ids):
        return {one: self.get(f"/api/v1/posts/{one}")["verdict"] for one in ids}


def give_verdicts(daemon):
    """What the desk says of some posts, by post id."""
    found = {post["external_id"]: post for post in daemon.everything("/api/v1/posts", source="forum")}
    said = {}
    for number in range(70):
        post = found[str(number)]
        judged = post["assessment"]
        verdict = [
            {"grade": "none", "category": "none", "department": "none"},
            {"grade": "yellow", "category": "utilities", "department": "water", "sentiment": "negative"},
            {"grade": "orange", "category": "safety", "note": "现场已核实"},
            {"grade": judged["grade"]},
            {"grade": "blue", "question": True},
            {"category": "labour"},
            {"grade": "none"},
        ][number % 7]
        daemon.post(f"/api/v1/posts/{post['id']}/verdict", verdict, {"Idempotency-Key": f"v{number}"})
        said[post["id"]] = verdict
    return said


def labels(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def verdict_cases(daemon):
    said = {}
    with case("verdict: officers say what is right, a viewer may not, and what is wrong is named"):
        said.update(give_verdicts(daemon))
        one = next(iter(said))
        viewer = daemon.make_token("viewer")
        status, _, _ = daemon.request("POST", f"/api/v1/posts/{one}/verdict", b'{"grade":"red"}', token=viewer)
        same(status, 403, "status for a viewer")
        try:
            daemon.post(f"/api/v1/posts/{one}/verdict", {"grade": "purple"})
            raise AssertionError("a grade that is none was taken")
        except ApiError as error:
            assert error.status == 400 and b"purple" in error.body, error
        daemon.post(f"/api/v1/posts/{one}/verdict", {"grade": "red"}, {"Idempotency-Key": "v0"})
        for post, verdict in daemon.verdicts(said).items():
            told = {key: verdict[key] for key in said[post]}
            same(told, said[post], f"verdict of {post}")

    with case("verdict: labels are exported while the daemon runs, and teach a model with those of the repository"):
        out = DIRECTORY / "desk.jsonl"
        daemon.cli("export", "labels", "--out", out)
        rows = {row["id"]: row for row in labels(out)}
        same(set(rows), set(said), "posts")
        for post, verdict in said.items():
            row = {key: rows[post].get(key) for key in ("grade", "category", "department", "sentiment", "question")}
            wanted = {key: verdict.get(key) for key in row}
            same(row, wanted, f"labels of {post}")
            same(set(rows[post]) - {"id", "kind", "title", "text", "published_at", *row}, set(), "further keys")
        same(daemon.cli("export", "labels", "--since", "2099-01-01T00:00:00Z").stdout, "", "labels of the future")
        told = daemon.cli("eval", out, "--json", deadline=300)
        assert json.loads(told.stdout)["rows"] == len(said), told.stdout[:200]
        known = json.loads(daemon.cli("dict", "stats", "--json", deadline=300).stdout)
        same((known["posts"], known["labelled"]), (POSTS, len(said)), "stored posts, and those with a verdict")
        water = next(row for row in known["rows"] if row["term"] == "停水" and row["kind"] == "topic")
        assert water["right"]["of"] > 0, water
        model = daemon.dictionaries / "desk.model"
        shipped = sorted((REPOSITORY / "tests/labelled").glob("*.jsonl"))[:4]
        told = daemon.cli("model", "train", out, *shipped, "--out", model, "--note", "desk", deadline=900)
        assert model.exists() and "category" in told.stdout, told.stdout
    return said


def rescore_cases(daemon, said):
    first = daemon.judged()
    (old,) = daemon.versions()
    concluded = daemon.concluded()

    with case("rescore: a change of the dictionaries alone changes nothing that is stored"):
        daemon.teach(20)
        same(daemon.judged() == first, True, "judgements as they were")

    with case("rescore: ordered at the daemon, it tells what changed, and incidents stay as they were"):
        told = json.loads(daemon.cli("rescore", "--json", deadline=300).stdout)
        now = daemon.judged()
        assert told["version"] != old and daemon.versions() == {told["version"]}, (told, daemon.versions())
        same(told["posts"], POSTS, "posts judged again")
        for what, key in (("grades", "grade"), ("categories", "category")):
            def word(one, key=key):
                value = one[key]["id"] if isinstance(one[key], dict) else one[key]
                return value or "none"

            counted = {}
            for post, before in first.items():
                if word(before) != word(now[post]):
                    pair = word(before), word(now[post])
                    counted[pair] = counted.get(pair, 0) + 1
            same({(m["from"], m["to"]): m["posts"] for m in told[what]}, counted, what)
            assert counted, f"no {what} changed"
        same(daemon.concluded(), concluded, "incidents")
        text = daemon.get("/metrics", raw=True)
        assert "minsheng_rescore_left 0" in text and f"minsheng_posts_rescored_total {POSTS}" in text, "metrics"

    rng = random.Random(SEED)
    caught = 0
    with case(f"rescore: killed {KILLS} times in the midst of it, it is finished or not begun after the restart, never half"):
        for cycle in range(KILLS):
            (before,) = daemon.versions()
            daemon.teach(5 + cycle)
            ordered = daemon.post("/api/v1/rescore")
            same(ordered["posts"], POSTS + cycle, "posts ordered")
            assert ordered["version"] != before, ordered
            share = rng.uniform(0, 0.9)
            wait_for("some judged", lambda: daemon.rescored()["judged"] >= POSTS * share or daemon.rescored()["state"] == "done",
                     every=0.01)
            caught += daemon.rescored()["state"] == "running"
            daemon.push({"id": f"late-{cycle}", "source": "late", "text": "锦华里又停水了"})
            daemon.kill()
            daemon.start()
            seen = daemon.versions_at_once()
            assert seen in ({before}, {ordered["version"]}), f"cycle {cycle}: half: {seen}"
            wait_for("it to be finished", lambda: daemon.versions() == {ordered["version"]}, 300)
            same(daemon.rescored()["state"] in ("done", "idle"), True, "state")
            same(len(daemon.judged()), POSTS, "posts")
            wait_for("the late post", lambda: len(daemon.everything("/api/v1/posts", source="late")) == cycle + 1)
        same(daemon.concluded()[:len(concluded)], concluded, "incidents")
    print(f"# {caught} of {KILLS} kills came while posts were being judged", flush=True)

    with case("rescore: the journal alone gives the same judgements, verdicts and incidents again (verify, rebuild)"):
        judged, verdicts, incidents = daemon.judged(), daemon.verdicts(said), daemon.concluded()
        running = daemon.cli("export", "labels").stdout
        daemon.stop()
        same(json.loads(daemon.cli("verify", "--json", deadline=300).stdout)["problems"], [], "problems")
        daemon.cli("rebuild", deadline=600)
        same(daemon.cli("export", "labels").stdout, running, "labels exported without a daemon")
        daemon.start()
        again = daemon.judged()
        same({post for post in judged if judged[post] != again.get(post)}, set(), "posts judged otherwise")
        same(daemon.verdicts(said), verdicts, "verdicts")
        same(daemon.concluded(), incidents, "incidents")
        daemon.stop()

    with case("rescore: without a daemon, by the model that the verdicts taught, and only posts of a time"):
        early = json.loads(daemon.cli("rescore", "--until", "2020-01-01T00:00:00Z", "--json").stdout)
        same(early["posts"], 0, "posts of a time before all")
        daemon.write("minsheng.toml", '[web]\nlisten = "127.0.0.1:0"\n[assess]\nmodel = "desk.model"\n')
        told = daemon.cli("rescore", deadline=600).stdout
        assert f"{POSTS + KILLS} posts judged again by" in told and "→" in told, told
        daemon.start()
        models = {one["versions"]["model"] for one in daemon.judged().values()}
        assert len(models) == 1 and None not in models, models
        same(daemon.concluded(), incidents, "incidents")
        daemon.stop()


def main():
    print(f"# seed {SEED}", flush=True)
    began = time.monotonic()
    # Rules alone at first: a word that is new to them changes grades, which a model may have guessed without it.
    daemon = Desk("verdict", settings='[assess]\nmodel = ""\n', dictionaries=dictionaries())
    daemon.start()
    batch = list(texts())
    for at in range(0, POSTS, 500):
        daemon.push(*batch[at:at + 500])
    wait_for("all posts found by search", lambda: daemon.get("/api/v1/posts/count", source="forum")["count"] == POSTS, 300)
    wait_for("incidents", lambda: len(daemon.incidents()) >= 4)
    said = verdict_cases(daemon)
    rescore_cases(daemon, said)
    print(f"# {time.monotonic() - began:.0f} s", flush=True)
    finish()


main()
