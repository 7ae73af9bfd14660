#!/usr/bin/env python3
"""The change of a shift: who comes is told what is under way and accepts it, or others are called; and what was done all
the while is exported as a chain in which no change goes unseen."""

import datetime
import json

from lib import Daemon, case, finish, run, same, wait_for
from loopback import Server, webhook_secret

RECEIVER = """
[[receiver]]
name = "{name}"
kind = "webhook"
[receiver.webhook]
url = "http://{host}/{name}"
secret_env = "HOOK_SECRET"
timeout = "3s"
"""
ROTA = """
[[person]]
name = "li"
title = "李工"
receivers = ["li"]

[[person]]
name = "wang"
title = "王工"
receivers = ["wang"]

[[layer]]
name = "duty"
title = "值班员"
accept_within = "3s"
accept_calls = ["chief"]
[[layer.shift]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "{first}"
until = "{change}"
people = ["li"]
[[layer.shift]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "{change}"
until = "{first}"
people = ["wang"]
"""


def main():
    told = []

    def answer(request):
        alert = json.loads(request.sent)["alerts"][0]
        told.append((request.path.strip("/"), alert["annotations"]["reason"], request.sent.decode()))
        return 200, {}, "{}"

    server = Server(answer)
    host = server.host
    receivers = "".join(RECEIVER.format(name=name, host=host) for name in ("li", "wang", "chief"))
    rules = '[[rule]]\nname = "single"\nwhen = { post = "yellow" }\nreceivers = ["li"]\n'
    daemon = Daemon("shift", f'[outward]\nallow = ["{host}"]\n', receivers=receivers, rules=rules,
                    environment={"HOOK_SECRET": webhook_secret()[1]})
    # The shift changes at the next full minute that is more than ten seconds away.
    beijing = datetime.timezone(datetime.timedelta(hours=8))
    change = (datetime.datetime.now(beijing) + datetime.timedelta(seconds=70)).replace(second=0, microsecond=0)
    clock = lambda at: at.strftime("%H:%M")
    daemon.write("rota.toml", ROTA.format(first=clock(change - datetime.timedelta(hours=6)), change=clock(change)))
    daemon.start()
    reasons = lambda name: [reason for to, reason, _ in told if to == name]

    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    daemon.push({"id": "gas", "source": "town", "author": "a", "published_at": at, "text": "解放路小学旁边燃气泄漏，有人晕倒，快来救人"})
    one = wait_for("the incident", daemon.incidents)[0]["id"]

    with case("shift: who comes is told what is under way; kill -9 at the change neither loses nor repeats it"):
        same(daemon.get("/api/v1/handovers")["items"], [], "hand-overs before")
        same([carried["id"] for carried in daemon.get("/api/v1/handovers")["now"]["incidents"]], [one], "under way")
        daemon.kill()
        daemon.start()
        wait_for("the word to who comes", lambda: "handover" in reasons("wang"), deadline=90.0)
        sent = next(sent for to, reason, sent in told if reason == "handover")
        assert "在办处置单 1 件" in sent and "王工" in sent, sent
        handover = daemon.get("/api/v1/handovers")["items"][0]
        same((handover["leaving"], handover["coming"]), (["李工"], ["王工"]), "who")
        same([carried["id"] for carried in handover["pack"]["incidents"]], [one], "the pack")
        daemon.kill()
        daemon.start()

    with case("shift: nobody accepts it, so others are called once; then it is accepted, once and by name"):
        wait_for("the call", lambda: "unaccepted" in reasons("chief"), deadline=60.0)
        page = daemon.get("/handover", raw=True)
        assert "逾期未确认" in page and "王工" in page, "the page"
        accept = lambda: daemon.request("POST", f"/api/v1/handovers/{handover['id']}/accept", b'{"note":"\xe5\xb7\xb2\xe6\x8e\xa5\xe7\x8f\xad"}',
                                        {"Content-Type": "application/json"})
        same([accept()[0], accept()[0]], [200, 200], "accepting, twice")
        handover = daemon.get("/api/v1/handovers")["items"][0]
        same((handover["state"], handover["note"]), ("accepted", "已接班"), "accepted")
        same(daemon.request("POST", "/api/v1/handovers/H-1/accept")[0], 404, "one that is none")
        same((reasons("wang").count("handover"), reasons("chief").count("unaccepted")), (1, 1), "told once each")

    with case("drill: it goes the whole way and is marked all along; it is in no figure and nobody may push one"):
        before = daemon.get("/api/v1/supervision")["total"]["incidents"]
        status, _, body = daemon.request("POST", "/api/v1/drills", b"{}", {"Content-Type": "application/json"})
        same(status, 200, f"beginning one: {body}")
        found = lambda: [one for one in daemon.incidents() if one["title"].startswith("【演练】")]
        drill = wait_for("the drill's incident", found)[0]
        wait_for("the word of it", lambda: any("【演练】" in sent and "不计入统计" in sent for _, _, sent in told))
        same(daemon.get("/api/v1/drills")["items"][0]["passed"], None, "under way")
        daemon.request("POST", f"/api/v1/incidents/{drill['id']}/acknowledge", b"", {"Content-Type": "application/json"})
        drills = daemon.get("/api/v1/drills")
        same((drills["items"][0]["passed"], drills["months"][0]["drills"], drills["months"][0]["passed"]), (True, 1, 1), "score")
        same(daemon.get("/api/v1/supervision")["total"]["incidents"], before, "supervision")
        same(daemon.get("/api/v1/events")["items"] and [e for e in daemon.get("/api/v1/events")["items"] if "晕倒" in str(e) and "drill" in str(e)], [], "events")
        same(daemon.push({"id": "x", "source": "drill", "text": "燃气泄漏"})["accepted"], 0, "a pushed one")
        page = daemon.get("/drills", raw=True)
        assert "及格" in page and "开始演练" in page, "the page"

    with case("audit: the export is a chain; whatever is changed, left out or cut off is found; it is the journal's own"):
        file = daemon.home / "audit.jsonl"
        done = daemon.cli("export", "audit", "--out", file)
        assert "hash is" in done.stderr, done.stderr
        lines = file.read_text().splitlines()
        kinds = {json.loads(line)["kind"] for line in lines}
        assert {"incident", "delivery", "handover", "audit", "end"} <= kinds, kinds
        assert "author" not in file.read_text() and '"voice"' not in file.read_text(), "it speaks of who wrote"
        wait_for("every delivery written down", lambda: daemon.notifications(state="waiting") == [])
        until = datetime.datetime.now(datetime.timezone.utc).isoformat()
        sent = daemon.get("/api/v1/audit", raw=True, until=until)
        daemon.cli("export", "audit", "--until", until, "--out", file)
        same(sent, file.read_text(), "what the API sends and what the command writes")
        officer = daemon.make_token("officer")
        same(daemon.request("GET", "/api/v1/audit", token=officer)[0], 403, "asked by an officer")
        daemon.stop()
        assert "sound:" in daemon.cli("audit", "verify", file).stdout
        daemon.cli("export", "audit", "--out", file)
        assert '"export-audit"' in file.read_text(), "that it was exported stands in it"
        assert "the same as the journal" in daemon.cli("audit", "verify", file, "--journal").stdout
        lines = file.read_text().splitlines()
        for name, bad, word in [
            ("changed", [lines[0].replace("T", "t", 1)] + lines[1:], "was changed"),
            ("left out", lines[:2] + lines[3:], "does not follow"),
            ("cut", lines[:-1], "was cut off"),
        ]:
            other = daemon.home / "bad.jsonl"
            other.write_text("\n".join(bad) + "\n")
            done = daemon.cli("audit", "verify", other, check=False)
            assert done.returncode == 1 and word in done.stderr, (name, done.stderr)
    finish()


main()
