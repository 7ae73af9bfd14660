#!/usr/bin/env python3
"""What a desk is fed by mistake or by malice: wrong settings, broken dictionaries, bad lines, a full disk, hostile
sites, a stop in the midst of work. Each costs nothing but itself.
"""

import contextlib
import gzip
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from lib import DIRECTORY, REPOSITORY, SHARED, Daemon, case, end, files_holding, finish, run, same, wait_for
from loopback import Server, webhook_secret

GRADES = {"red", "orange", "yellow", "blue", "none"}
CATEGORIES = {"safety", "food", "health", "environment", "education", "labour", "utilities", "housing", "traffic",
              "consumer", "conduct", "rumour"}
ALARM = "三号楼起火，浓烟滚滚，有人被困在三楼，已经报警"


def plain(text):
    """What a person reads: no panic, no stack trace."""
    for word in ("panicked", "RUST_BACKTRACE", "stack backtrace", "unwrap"):
        assert word not in text, f"not for people: {text[:400]}"
    return text


def own_dictionaries(name):
    here = DIRECTORY / name
    shutil.copytree(REPOSITORY / "dictionaries", here)
    return here


# --- files ---------------------------------------------------------------------------------------------------

def wrong_keys():
    daemon = Daemon("keys")
    with case("bad input: `check` names every wrong key at once, with file, line and the nearest right one; exit 2"):
        same(daemon.cli("check").returncode, 0, "exit status of a good configuration")
        daemon.write("minsheng.toml", '[web]\nlisten = "127.0.0.1:0"\n\n[crawl]\nlookz = 3\n\n[outwart]\nallow = []\n')
        daemon.write("rules.toml", '[[rule]]\nname = "a"\ngrad = "red"\nwhen = { post = "orange" }\n')
        daemon.write("receivers.toml", '[[receiver]]\nname = "x"\nkindd = "email"\n')
        daemon.write("departments.toml", '[water]\nnam = "水务局"\n')
        daemon.write("sources/town.toml", '[[source]]\nid = "town"\nkind = "feed"\nurl = "https://example.com/feed"\nplase = "禾川市"\n')
        told = daemon.cli("check", check=False)
        same(told.returncode, 2, f"exit status; it said {told.stderr}")
        said = plain(told.stderr)
        for file, line, key, nearest in [
            ("minsheng.toml", 5, "lookz", "looks"), ("minsheng.toml", 7, "outwart", "outward"),
            ("rules.toml", 3, "grad", "grade"), ("receivers.toml", 3, "kindd", "kind"),
            ("departments.toml", 2, "nam", "name"), ("sources/town.toml", 5, "plase", "place"),
        ]:
            lines = [text for text in said.splitlines() if text.startswith(f"{daemon.config}/{file}:{line}: ")]
            assert any(f"`{key}`" in text and f"`{nearest}`" in text for text in lines), f"{file}:{line} {key}: {said}"

    with case("bad input: `check --json` gives the same as JSON lines; `serve` refuses with exit 2"):
        told = daemon.cli("check", "--json", check=False)
        same(told.returncode, 2, "exit status")
        found = [json.loads(line) for line in told.stdout.splitlines()]
        assert len(found) >= 6 and all(fault["line"] > 0 and fault["what"] for fault in found), found
        told = daemon.cli("serve", check=False)
        same(told.returncode, 2, "exit status of serve")
        assert "lookz" in plain(told.stderr), told.stderr

    with case("bad input: wrong values, TOML that is none and bytes that are no text are told with their place; exit 2"):
        for text, wanted in [
            ('[crawl]\nlooks = "many"\n', "minsheng.toml:2"), ("[crawl\nlooks = 3\n", "minsheng.toml:1"),
            ('[crawl.politeness]\nmin_interval = "soon"\n', "minsheng.toml:2"), ("[web]\nlisten = 8686\n", "minsheng.toml:2"),
            ('[web]\nlisten = "0.0.0.0:8686"\n', "minsheng.toml"), ("[search]\nheap_bytes = -1\n", "minsheng.toml:2"),
        ]:
            broken = Daemon(f"values-{abs(hash(text))}")
            broken.write("minsheng.toml", text)
            told = broken.cli("check", check=False)
            same(told.returncode, 2, f"exit status for {text!r}")
            assert wanted in plain(told.stderr), f"{text!r}: {told.stderr}"
        broken = Daemon("bytes")
        (broken.config / "rules.toml").write_bytes(b"\xff\xfe[[rule]]")
        told = broken.cli("check", check=False)
        same(told.returncode, 2, "exit status for bytes that are no text")
        assert "rules.toml" in plain(told.stderr), told.stderr


def dictionaries_on_the_command_line():
    with case("bad input: dictionaries that are empty, headless, huge or gone are refused by name or judge nothing"):
        def check(name, change, wanted, status):
            here = own_dictionaries(f"dictionaries-{name}")
            change(here)
            told = Daemon(name, dictionaries=here).cli("check", check=False)
            same(told.returncode, status, f"{name}: exit status; it said {told.stderr}")
            assert wanted in plain(told.stdout + told.stderr), f"{name}: {told.stdout}{told.stderr}"
            return here

        def only_headers(here):
            for path in here.glob("*.tsv"):
                lines = path.read_text().splitlines(keepends=True)
                kept = [line for line in lines if line.startswith("#")]
                path.write_text("".join(kept + [next(line for line in lines if not line.startswith("#"))]))

        def neither_rows_nor_model(here):
            only_headers(here)
            (here / "minsheng.model").unlink()

        def nothing(here):
            for path in here.glob("*.tsv"):
                path.unlink()

        water = "16-utilities.tsv"
        check("rows-0-model", only_headers, "the model alone grades posts", 0)
        empty = check("rows-0", neither_rows_nor_model, "no post will ever be graded", 0)
        judged = Daemon("rows-0-judge", dictionaries=empty).cli("assess", stdin=ALARM + "\n")
        same(json.loads(judged.stdout)["grade"], "none", "grade by empty dictionaries")
        check("files-0", nothing, "0 dictionary rows", 0)
        check("categories-gone", lambda here: (here / "categories.toml").unlink(), "categories.toml", 2)
        check("all-gone", shutil.rmtree, "dictionaries", 2)
        check("blank", lambda here: (here / water).write_text(""), water, 2)
        check("no-text", lambda here: (here / water).write_bytes(b"\xff\xfe\x00term"), water, 2)
        check("long-line", lambda here: (here / water).open("a").write("水" * 300 + "\tutilities.water\n"), water + ":", 2)
        check("too-large", lambda here: (here / water).open("a").write("# 水\n" * (4 << 20)), water, 2)
        check("bad-regex", lambda here: (here / water).open("a").write("(((\tutilities.water\t\t20\tre\t\t\t\t\t\t某组\t\n"),
              water + ":", 2)


def a_bad_row_under_a_running_daemon():
    here = own_dictionaries("dictionaries-live")
    daemon = Daemon("live", dictionaries=here).start()
    water = here / "16-utilities.tsv"
    good = water.read_text()
    pushed = iter(range(10**6))

    def judged(text):
        """The assessment of a new post."""
        number = next(pushed)
        daemon.push({"source": "hotline", "id": str(number), "text": text})
        found = daemon.get("/api/v1/posts", source="hotline", external_id=str(number))["items"]
        return found[0]["assessment"] if found else None

    def version():
        return wait_for("an assessment", lambda: judged("小区停水三天了没人管"))["versions"]["dictionary"]

    def save(text):
        fresh = water.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(water)

    with case("bad input: a bad dictionary row is refused with file:line, and the old version stays in force"):
        before = version()
        line = len(good.splitlines()) + 1
        save(good + "浑水怪\tutilities.wotter\t\t20\t\t\t\t\t\t\t某组\t\n")
        wait_for(f"{water}:{line} in the log", lambda: f"16-utilities.tsv:{line}" in daemon.log())
        assert "stays" in daemon.log(), daemon.log()[-600:]
        same(version(), before, "version")
        same([hit["term"] for hit in judged("浑水怪来了")["hits"] if hit["term"] == "浑水怪"], [], "hits of the refused row")

    with case("bad input: the row mended, the new version is in force without a restart"):
        save(good + "浑水怪\tutilities.water\t\t20\t\t\t\t\t\t\t某组\t\n")
        wait_for("the new term", lambda: any(hit["term"] == "浑水怪" for hit in (judged("浑水怪来了") or {"hits": []})["hits"]))
        assert version() != before, "the version is the old one"
        assert daemon.get("/healthz", raw=True), "alive"

    with case("bad input: broken rules are refused under a running daemon, the old ones stay, mended ones take effect"):
        rules = daemon.get("/api/v1/rules")
        text = (daemon.config / "rules.toml").read_text()
        daemon.write("rules.toml", text + '\n[[rule]]\nname = "late"\nwhen = { post = "pink" }\n')
        wait_for("rules.toml in the log", lambda: "rules.toml:" in daemon.log())
        same(daemon.get("/api/v1/rules"), rules, "rules")
        daemon.write("rules.toml", text + '\n[[rule]]\nname = "late"\ntitle = "后来的"\nwhen = { post = "red" }\n')
        wait_for("the new rule", lambda: "late" in [rule["name"] for rule in daemon.get("/api/v1/rules")["items"]])
    daemon.stop()


# --- posts ---------------------------------------------------------------------------------------------------

def bad_lines():
    daemon = Daemon("lines", web="ingest_bytes = 4194304").start()
    good = {"source": "hotline", "text": "小区停水三天了没人管"}
    far = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 9 * 86400))
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    bad = [
        (b"not json at all", "JSON"), (b"[1,2]", "JSON"), (b'{"source":"hotline","text":', "byte"),
        (json.dumps({**good, "text": "水" * 70000}).encode(), "long"), (b'{"text":"' + b"x" * 600000 + b'"}', "long"),
        (b'{"source":"hotline"}', "text"), (b'{"source":"hotline","text":" \\n "}', "text"),
        (json.dumps({**good, "published_at": far}).encode(), "future"), (b'{"text":"no source"}', "source"),
        (b'{"source":"hotline","text":"\xff\xfe"}', "UTF-8"), (b'{"source":"hotline","text":17}', "text"),
        (b'{"source":"hotline","text":"x","likes":-1}', "likes"), (b'{"source":"hotline","text":"x","url":"javascript:1"}', "url"),
        (b'{"source":"NO/WAY","text":"x"}', ""), (b'{"source":"hotline","text":"x","kind":"poem"}', "kind"),
    ]
    lines, wanted = [], {}
    for number, (line, word) in enumerate(bad):
        lines += [json.dumps({**good, "id": f"good-{number}"}, ensure_ascii=False).encode(), line]
        wanted[len(lines)] = word
    lines += [b"", json.dumps({**good, "id": "soon", "published_at": soon}).encode()]

    def pushed(body, **headers):
        return daemon.request("POST", "/api/v1/posts", body, {"Content-Type": "application/x-ndjson", **headers})

    with case("bad input: each bad line of an ingest has its own entry in `rejected`, and all the rest is accepted"):
        status, _, answer = pushed(b"\n".join(lines))
        same(status, 200, answer[:300])
        answer = json.loads(answer)
        same((answer["accepted"], answer["duplicates"]), (len(bad) + 1, 0), "accepted and duplicates")
        same([entry["line"] for entry in answer["rejected"]], list(wanted), "lines rejected")
        for entry in answer["rejected"]:
            assert wanted[entry["line"]] in entry["reason"] and len(entry["reason"]) < 300, entry
        same(daemon.get("/api/v1/posts/count")["count"], len(bad) + 1, "posts")

    with case("bad input: the same as a JSON array, by element"):
        elements = [good, 7, None, {"source": "hotline"}, {**good, "published_at": far}, {**good, "id": "array"}]
        told = daemon.post("/api/v1/posts", elements)
        same([entry["line"] for entry in told["rejected"]], [2, 3, 4, 5], "elements rejected")
        same(told["accepted"] + told["duplicates"], 2, "accepted")

    with case("bad input: bodies too large, badly packed, of another type or half sent get 413, 4xx, 415, and stop nothing"):
        same(pushed(b'{"source":"a","text":"x"}\n' * 300000)[0], 413, "too large")
        same(daemon.request("POST", "/login", b"x" * (8 << 20), {"Origin": f"http://{daemon.address[0]}:{daemon.address[1]}"})[0],
             413, "a form too large")
        bomb = gzip.compress(b'{"source":"a","text":"' + b"x" * (64 << 20))
        same(pushed(bomb, **{"Content-Encoding": "gzip"})[0], 413, "a bomb")
        same(pushed(b"no gzip", **{"Content-Encoding": "gzip"})[0], 400, "no gzip")
        same(pushed(b"x", **{"Content-Type": "text/html"})[0], 415, "another type")
        same(daemon.request("POST", "/api/v1/posts", b'{"a":1}', {"Content-Type": "application/json"})[0], 400, "no array")
        packed = gzip.compress(json.dumps({**good, "id": "packed"}).encode())
        same(pushed(packed, **{"Content-Encoding": "gzip"})[0], 200, "packed well")
        half = socket.create_connection(daemon.address)
        half.sendall(b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + daemon.token.encode()
                     + b"\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n" + lines[0])
        half.close()
        count = daemon.get("/api/v1/posts/count")["count"]
        same(daemon.push({**good, "id": "after"})["accepted"], 1, "accepted afterwards")
        same(daemon.get("/api/v1/posts/count")["count"], count + 1, "posts")

    with case("bad input: `minsheng ingest` names file and line of what was rejected and sends the rest"):
        file = daemon.home / "posts.jsonl"
        file.write_bytes(b"\n".join([json.dumps({**good, "id": "cli-1"}).encode(), b"{", b"", b'{"text":"x"}']) + b"\n")
        told = daemon.cli("ingest", file, check=False)
        assert f"{file}:2:" in plain(told.stderr) and f"{file}:4:" in told.stderr, told.stderr
        assert "1 accepted" in told.stdout and "2 rejected" in told.stdout, told.stdout
        told = daemon.cli("ingest", file, "--source", "counter", "--json", check=False)
        told = json.loads(told.stdout)
        same((told["accepted"], told["duplicates"], len(told["rejected"])), (1, 1, 1), "with a source for lines that name none")
        wait_for("the post of that source", lambda: daemon.get("/api/v1/posts/count", source="counter")["count"] == 1)

    if (SHARED / "data/conformance/json").is_dir():
        with case("bad input: no request body of the JSON suite makes the daemon fail"):
            tried = 0
            for path in sorted((SHARED / "data/conformance/json").rglob("*")):
                if path.is_file() and path.suffix == ".json":
                    for kind in ("application/json", "application/x-ndjson"):
                        status, _, answer = pushed(path.read_bytes(), **{"Content-Type": kind})
                        assert status < 500, f"{path.name} as {kind}: {status} {answer[:200]}"
                        tried += 1
            assert tried > 100, tried

    with case("bad input: a second daemon on the same data is refused plainly, and the first goes on"):
        told = daemon.cli("serve", check=False)
        same(told.returncode, 1, f"exit status; it said {told.stderr}")
        said = [line for line in plain(told.stderr).splitlines() if "minsheng:" in line]
        assert said and ("another" in said[-1] or "running" in said[-1] or "in use" in said[-1]), told.stderr
        same(daemon.push({**good, "id": "still"})["accepted"], 1, "accepted by the first")
    daemon.stop()


# --- a full disk ---------------------------------------------------------------------------------------------

@contextlib.contextmanager
def small_disk(at, size):
    """A file system of its own; nothing if we may not mount one."""
    at.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", at], capture_output=True).returncode:
        yield None
        return
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


def full_disk():
    name = "bad input: a full disk answers 507, loses nothing, and all goes on by itself when there is room again"
    daemon = Daemon("full")
    with small_disk(daemon.data, "96m") as disk:
        if disk is None:
            print(f"ok {name} # skip a small file system cannot be mounted here", flush=True)
            return
        with case(name):
            daemon.start()
            acknowledged = set()
            numbers = iter(range(10**6))

            def push(size=200):
                batch = [str(next(numbers)) for _ in range(size)]
                # Longer than what a page of a file system holds, and not to be packed away.
                posts = [{"source": "full", "id": one, "text": f"{one} " + os.urandom(900).hex()} for one in batch]
                body = "".join(json.dumps(post) + "\n" for post in posts).encode()
                status, _, answer = daemon.request("POST", "/api/v1/posts", body, {"Content-Type": "application/x-ndjson"})
                if status == 200:
                    same(json.loads(answer)["accepted"], size, "accepted")
                    acknowledged.update(batch)
                return status, answer

            for _ in range(3):
                same(push()[0], 200, "status while there is room")
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(b"x" * 65536):
                    pass
            statuses = []

            def refused():
                status, answer = push()
                statuses.append(status)
                assert status in (200, 507), f"{status}: {answer[:200]}"
                return status == 507 and b"disk-full" in answer

            wait_for("507", refused)
            for _ in range(5):
                same(push(20)[0], 507, "status while it is full")
            same(daemon.get("/api/v1/posts/count")["count"], len(acknowledged), "posts while it is full")
            assert daemon.process.poll() is None, "the daemon ended"
            filler.unlink()
            wait_for("200 again", lambda: push(20)[0] == 200)
            same(push(20)[0], 200, "status afterwards")
            same(daemon.get("/api/v1/posts/count")["count"], len(acknowledged), "posts afterwards")
            wait_for("all in the index", lambda: daemon.get("/api/v1/posts", source="full", limit=1)["total"] == len(acknowledged))
            daemon.push({"source": "full", "id": "alarm", "text": ALARM})
            wait_for("an incident after the disk was full", daemon.incidents)
            daemon.stop()
            found = json.loads(daemon.cli("verify", "--json").stdout)
            same((found["posts"], found["problems"]), (len(acknowledged) + 1, []), "what verify finds")
        if daemon.process:
            end(daemon.process)


# --- hostile sites -------------------------------------------------------------------------------------------

class HostileSite:
    """Hangs, circles, never ends, or answers rubbish."""

    bomb = gzip.compress(b"<rss>" + b" " * (100 << 20))

    def __init__(self, manner):
        self.manner = manner
        self.asked = 0
        self.sent = 0
        self.server = Server(self.answer)

    def answer(self, request):
        if request.path == "/robots.txt":
            return 404, {}, ""
        self.asked += 1
        out = request.wfile
        if self.manner == "hangs":
            request.rfile.read(1)
            return None
        if self.manner == "circles":
            return 302, {"Location": "/b" if request.path == "/a" else "/a"}, ""
        if self.manner == "strays":
            return 302, {"Location": f"http://127.0.0.1:{self.other.server.server_port}/secret"}, ""
        if self.manner == "rubbish":
            return 200, {"Content-Type": "application/rss+xml"}, os.urandom(200000)
        if self.manner == "bomb":
            return 200, {"Content-Type": "text/xml", "Content-Encoding": "gzip"}, self.bomb
        if self.manner == "head":
            out.write(b"HTTP/1.1 200 OK\r\n")
            while self.more(b"X-Long: " + b"x" * 8000 + b"\r\n", out):
                pass
            return None
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>")
        if self.manner == "endless":
            while self.more(b"<item>" + b"x" * 65536, out):
                pass
        if self.manner == "drips":
            while self.more(b"x", out):
                # One byte at a time: this is the fault that is played.
                time.sleep(0.2)
        return None

    def more(self, bytes, out):
        out.write(bytes)
        self.sent += len(bytes)
        return self.sent < 10 << 30


def hostile_sites():
    manners = {"hangs": ["too slow"], "circles": ["in a circle"], "endless": ["too large"], "drips": ["too slow"],
               "head": ["no connection", "too large"], "rubbish": ["unreadable"], "bomb": ["too large"],
               "strays": ["refused"]}
    sites = {manner: HostileSite(manner) for manner in manners}
    sites["strays"].other = secret = HostileSite("rubbish")
    well = {"count": 0, "at": []}

    def feed(request):
        if request.path == "/robots.txt":
            return 404, {}, ""
        well["count"] += 1
        well["at"].append(time.monotonic())
        items = "".join(f"<item><guid>{n}</guid><title>第{n}条</title><description>小区停水三天了没人管</description></item>"
                        for n in range(well["count"]))
        return 200, {"Content-Type": "application/rss+xml; charset=utf-8"}, f"<rss version='2.0'><channel>{items}</channel></rss>"

    good = Server(feed)
    hosts = {manner: site.server.host for manner, site in sites.items()} | {"well": good.host}
    sources = "".join(
        f'[[source]]\nid = "{name}"\nkind = "feed"\nurl = "http://{host}/a"\ncadence = {{ min = "1s", max = "2s" }}\n\n'
        for name, host in hosts.items())
    allow = ", ".join(f'"{host}"' for host in hosts.values())
    settings = (f'[outward]\nallow = [{allow}]\n[outward.limits]\nconnect = "2s"\nfirst_byte = "3s"\nwhole = "6s"\ngrace = "2s"\n'
                + "".join(f'[crawl.politeness.hosts."{host}"]\nmin_interval = "20ms"\n' for host in hosts.values()))
    daemon = Daemon("hostile", settings=settings, sources=sources).start()

    with case("bad input: sites that hang, circle, drip, send endless bytes, rubbish or bombs do not hinder another"):
        wait_for("every site asked", lambda: all(site.asked for site in sites.values()))
        before = well["count"]
        wait_for("ten more looks at the site that is well", lambda: well["count"] >= before + 10, 60)
        wait_for("its posts", lambda: daemon.get("/api/v1/posts/count", source="well")["count"] >= before, 30)
        longest = max(b - a for a, b in zip(well["at"], well["at"][1:]))
        assert longest < 8, f"the site that is well waited {longest:.1f} s for a look"

    with case("bad input: what is wrong with each of them is told, within bounds, and nothing of it is stored"):
        def told():
            shown = {one["id"]: one for one in daemon.get("/api/v1/sources")["items"]}
            for manner, words in manners.items():
                found = f"{shown[manner]['outcome']}: {shown[manner]['error']}"
                assert found.startswith("failed: ") and any(word in found for word in words), f"{manner}: {found}"
            same((shown["well"]["outcome"], shown["well"]["error"]), ("observed", None), "the site that is well")
            return True

        wait_for("each told as failed", told, 60)
        for manner in manners:
            same(daemon.get("/api/v1/posts/count", source=manner)["count"], 0, f"posts of {manner}")
        per_ask = sites["endless"].sent / max(1, sites["endless"].asked)
        assert per_ask < 32 << 20, f"{per_ask / 2**20:.0f} MiB were taken of an endless page"
        same(secret.asked, 0, "times a redirect led to an address that is not allowed")
        memory = int((open(f"/proc/{daemon.process.pid}/status").read().split("VmHWM:")[1]).split()[0])
        assert memory < 700 << 10, f"{memory >> 10} MiB of memory at the highest"
        same(daemon.get("/readyz", raw=True).strip(), "ready", "readyz")
    return daemon


# --- the end -------------------------------------------------------------------------------------------------

def stop_under_load(daemon):
    """With hostile sites still being looked at, a receiver that hangs, and writers that do not cease."""
    key, secret = webhook_secret()
    hanging = Server(lambda request: request.connection.recv(1) and None)
    host = hanging.host
    text = (daemon.config / "minsheng.toml").read_text()
    daemon.stop()
    daemon.write("minsheng.toml", text.replace("allow = [", f'allow = ["{host}", '))
    daemon.environment["HOOK_SECRET"] = secret
    daemon.write("receivers.toml", f'[[receiver]]\nname = "bus"\nkind = "webhook"\n[receiver.webhook]\n'
                                   f'url = "http://{host}/"\nsecret_env = "HOOK_SECRET"\ntimeout = "60s"\n')
    with case("bad input: SIGTERM in the midst of load, hanging sites and a hanging receiver: exit 0 within 10 s"):
        acknowledged = set()
        for number in range(3):
            daemon.start()
            ending, failed = threading.Event(), []
            stream = socket.create_connection(daemon.address)
            stream.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {daemon.token}\r\n\r\n".encode())

            def write(writer):
                count = 0
                while not ending.is_set():
                    batch = [f"{number}-{writer}-{count}-{n}" for n in range(50)]
                    count += 1
                    posts = [{"source": "load", "id": one, "text": f"{ALARM} {one}" if n == 0 else f"今天天气不错 {one}"}
                             for n, one in enumerate(batch)]
                    try:
                        daemon.push(*posts)
                    except Exception as error:
                        if not ending.is_set():
                            failed.append(error)
                        return
                    acknowledged.update(batch)

            writers = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
            before = len(acknowledged)
            for writer in writers:
                writer.start()
            wait_for("load", lambda: len(acknowledged) >= before + 500 or failed)
            same(failed, [], "failures under load")
            began, process = time.monotonic(), daemon.process
            ending.set()
            process.terminate()
            status = process.wait(20)
            took = time.monotonic() - began
            for writer in writers:
                writer.join()
            stream.close()
            end(process)
            same(status, 0, f"exit status: {daemon.log()[-600:]}")
            assert took < 10, f"took {took:.1f} s"
            plain(daemon.log())
        daemon.start()
        assert daemon.get("/api/v1/posts/count", source="load", external_id="0-0-0-0")["count"] == 1
        kept = wait_for("all in the index", lambda: daemon.get("/api/v1/posts/count", source="load")["count"] >= len(acknowledged))
        assert kept

    with case("bad input: a second signal ends at once"):
        process = daemon.process
        process.terminate()
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.wait(15)
        assert time.monotonic() - began < 10
        end(process)


# --- streams and files -----------------------------------------------------------------------------------------

def stream_of_our_own():
    """A stream as `replay` reads it, for where the shared one is not."""
    path = DIRECTORY / "stream.jsonl"
    texts = [ALARM, "小区停水三天了没人管", "今天的晚霞真好看", "食堂饭菜有虫，孩子上吐下泻", "路灯坏了一个月", "推荐一家理发店"]
    with path.open("w") as out:
        for n in range(3000):
            at = time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(1767225600 + n * 37))
            text = f"{('云锦苑', '石渡小区', '麦浪新居')[n % 3]}{texts[n * 7 % len(texts)]}"
            out.write(json.dumps({"published_at": at, "source": "s", "id": str(n), "author": f"人{n}", "text": text}) + "\n")
    return path, []


def replay_and_assess():
    daemon = Daemon("replay")
    shared = SHARED / "data/hotlist-stream/dev.tsv.gz"
    stream, bounds = (shared, ["--until", "2022-01-15T00:00:00+08:00"]) if shared.exists() else stream_of_our_own()
    with case("replay: the same stream gives the same bytes twice, and every line is a legal record"):
        first, second = (daemon.cli("replay", stream, *bounds, deadline=300) for _ in range(2))
        assert first.stdout == second.stdout, "the outputs differ"
        records = [json.loads(line) for line in first.stdout.splitlines()]
        types = {record["type"] for record in records}
        assert {"signal", "incident"} <= types <= {"topic", "event", "signal", "incident"}, types
        same([record["at"] for record in records], sorted(record["at"] for record in records), "order of time")
        summary = json.loads(plain(first.stderr).splitlines()[-1])
        same(summary["type"], "summary", "the last line on standard error")
        assert summary["posts"] > 2000 and summary["incidents"] > 0, summary

    with case("replay: a stream that is none is refused with its line"):
        broken = DIRECTORY / "broken.tsv"
        broken.write_text("2022-01-01T00:06:11+08:00\tzhihu\t停水\nno time here\n")
        told = daemon.cli("replay", broken, check=False)
        same(told.returncode, 1, "exit status")
        assert "line 2" in plain(told.stderr), told.stderr

    posts = SHARED / "data/civic-posts/dev.jsonl"
    if not posts.exists():
        posts = stream_of_our_own()[0]
    with case("assess: one legal line for each row, in order, and factors that add up to the score"):
        rows = [json.loads(line) for line in posts.read_text().splitlines()]
        judged = [json.loads(line) for line in daemon.cli("assess", posts, deadline=300).stdout.splitlines()]
        same([one["id"] for one in judged], [row["id"] for row in rows], "ids")
        for row, one in zip(rows, judged):
            text = f"{row['title']}\n{row['text']}" if row.get("title") else row["text"]
            assert 0 <= one["sensitivity"] <= 100 and one["grade"] in GRADES, one
            total = math.fsum(factor["points"] for factor in one["factors"])
            assert abs(total - one["sensitivity"]) < 0.051, f"{one['id']}: {total} is not {one['sensitivity']}"
            assert one["sentiment"]["label"] in {"negative", "neutral", "positive"} and -1 <= one["sentiment"]["score"] <= 1, one
            assert one["category"] is None or one["category"]["id"] in CATEGORIES, one
            assert all(0 <= (one[key] or {"confidence": 0})["confidence"] <= 1 for key in ("category", "department")), one
            assert all(0 <= hit["start"] < hit["end"] <= len(text) for hit in one["hits"]), one
            assert all(factor["name"] and factor["why"] for factor in one["factors"]), one
            assert one["versions"]["dictionary"] and one["fingerprint"], one
        assert len({one["grade"] for one in judged}) >= 4, "hardly any grade is used"

    with case("assess: plain lines, blank lines, odd bytes and the longest text are judged; a bad record is told by line"):
        odd = b"\xff\xfe\n\n" + "停水\r\n".encode() + ("水" * 20000 + "\n").encode() + b'\x00\x1b[31m\n'
        file = DIRECTORY / "odd.txt"
        file.write_bytes(odd)
        judged = [json.loads(line) for line in daemon.cli("assess", file).stdout.splitlines()]
        same(len(judged), 4, "lines")
        file.write_text('{"text":"停水"}\n{"text":7}\n')
        told = daemon.cli("assess", file, check=False)
        same(told.returncode, 1, "exit status")
        assert "line 2" in plain(told.stderr), told.stderr
        told = daemon.cli("assess", DIRECTORY / "missing", check=False)
        same(told.returncode, 1, "exit status")
        assert "missing" in plain(told.stderr), told.stderr


wrong_keys()
dictionaries_on_the_command_line()
replay_and_assess()
a_bad_row_under_a_running_daemon()
bad_lines()
full_disk()
stop_under_load(hostile_sites())
finish()
