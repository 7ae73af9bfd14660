#!/usr/bin/env python3
"""What is held back: by silences, by a receiver's hours, by a graver incident, to wait for more. Nothing of it is lost by
kill -9, and all of it is told or named when its time has come."""

import datetime
import json

from lib import Daemon, case, finish, same, wait_for
from loopback import Server, webhook_secret

RECEIVER = """
[[receiver]]
name = "{name}"
kind = "webhook"
{more}
[receiver.webhook]
url = "http://{host}/{name}"
secret_env = "HOOK_SECRET"
timeout = "3s"
"""
ROUTES = """
[[window]]
name = "never-now"
days = ["{day}"]

[[route]]
receivers = ["bus", "office", "slow"]

[[inhibit]]
by = {{ grades = ["red"] }}
of = {{ grades = ["yellow", "blue"] }}
equal = ["place"]
"""


def main():
    told = {}

    def answer(request):
        alert = json.loads(request.sent)["alerts"][0]
        key = request.headers["webhook-id"]
        told[key] = (request.path.strip("/"), alert["labels"]["incident"], alert["annotations"]["reason"])
        return 200, {}, "{}"

    server = Server(answer)
    host = server.host
    receivers = "".join(RECEIVER.format(name=name, more=more, host=host) for name, more in [
        ("bus", ""), ("office", 'during = ["never-now"]'), ("slow", 'wait = "4s"\ninterval = "1h"')])
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][(now.weekday() + 3) % 7]
    daemon = Daemon("hold", f'[outward]\nallow = ["{host}"]\n', receivers=receivers, environment={"HOOK_SECRET": webhook_secret()[1]})
    daemon.write("routes.toml", ROUTES.format(day=day))
    daemon.start()

    def incident(name, text):
        at = datetime.datetime.now(datetime.timezone.utc).isoformat()
        before = {one["id"] for one in daemon.incidents()}
        daemon.push({"id": name, "source": "town", "author": name, "published_at": at, "text": text})
        fresh = lambda: [one["id"] for one in daemon.incidents() if one["id"] not in before]
        return wait_for(f"the incident of {name}", fresh)[0]

    def step(one, what, **body):
        sent = json.dumps(body, ensure_ascii=False).encode()
        status, _, _ = daemon.request("POST", f"/api/v1/incidents/{one}/{what}", sent, {"Content-Type": "application/json"})
        same(status, 200, f"status of {what}")

    def reasons(receiver, one):
        return [reason for name, of, reason in told.values() if (name, of) == (receiver, one)]

    def stands(receiver, one):
        found = [n for n in daemon.notifications() if (n["receiver"], n["incident"]) == (receiver, one)]
        return [(n["reason"], n["state"], n["held_by"]) for n in reversed(found)]

    def silence(**asked):
        sent = json.dumps(asked, ensure_ascii=False).encode()
        status, _, body = daemon.request("POST", "/api/v1/silences", sent, {"Content-Type": "application/json"})
        return status, json.loads(body)

    with case("hold: a silence shows beforehand what it concerns, holds it back over kill -9, and tells it once when it is ended"):
        same(silence(reason="没有范围", **{"for": "1h"})[0], 400, "a silence of everything")
        same(silence(categories=["utilities"], **{"for": "1h"})[0], 400, "a silence without a reason")
        asked = {"categories": ["utilities"], "reason": "计划停水，已公告", "for": "2h"}
        status, made = silence(**asked)
        same((status, made["state"]), (200, "active"), "the silence")
        one = incident("water", "望江花园停水三天了，老人小孩没水喝，没人管")
        wait_for("it held back", lambda: stands("bus", one) == [("opened", "held", "silence")])
        daemon.kill()
        daemon.start()
        same(stands("bus", one), [("opened", "held", "silence")], "after kill -9")
        sent = json.dumps(asked, ensure_ascii=False).encode()
        _, _, body = daemon.request("POST", "/api/v1/silences/preview", sent, {"Content-Type": "application/json"})
        same([shown["id"] for shown in json.loads(body)["open"]], [one], "the preview")
        same(reasons("bus", one), [], "told while it is silent")
        page = daemon.get("/silences", raw=True)
        assert "计划停水，已公告" in page and "生效中" in page, "the page"
        same(daemon.request("DELETE", f"/api/v1/silences/{made['id']}")[0], 200, "ending it")
        same(daemon.request("DELETE", f"/api/v1/silences/{made['id']}")[0], 404, "ending it again")
        wait_for("it told", lambda: reasons("bus", one) == ["opened"])

    with case("hold: outside of a receiver's hours it waits, red goes through, and the next word takes the place of the one before"):
        same(stands("office", one), [("opened", "held", "hours")], "outside of its hours")
        step(one, "acknowledge")
        wait_for("the earlier folded", lambda: stands("office", one) == [("opened", "held", "hours"), ("acknowledged", "held", "hours")]
                 or stands("office", one)[0][1] == "withheld")
        red = incident("fire", "海淀区一商场起火爆炸，多人被困，已有三人死亡")
        same(daemon.get(f"/api/v1/incidents/{red}")["grade"], "red", "its grade")
        wait_for("red told", lambda: reasons("office", red) == ["opened"])

    with case("hold: the first word waits for more and tells all of it at once"):
        gas = incident("gas", "清荷苑小区垃圾堆了一个星期没人清运，臭气熏天")
        step(gas, "acknowledge")
        wait_for("one word", lambda: reasons("slow", gas), deadline=60.0)
        wait_for("the first folded into it", lambda: [one[1:] for one in stands("slow", gas)][:1] == [("withheld", "folded")])
        same(reasons("slow", gas), ["acknowledged"], "what was told")
        step(gas, "note", note="已联系燃气公司")
        step(gas, "close", outcome="solved")
        wait_for("the next waits for its interval", lambda: ("closed", "held", "interval") in stands("slow", gas))

    with case("hold: what a graver incident explains waits until that has ended"):
        grade = daemon.get(f"/api/v1/incidents/{red}")
        assert grade["place"], grade
        small = incident("small", f"{grade['place']}门口垃圾堆了一个星期没人清运，臭气熏天，老人小孩都受不了")
        whole = daemon.get(f"/api/v1/incidents/{small}")
        assert whole["grade"] in ("yellow", "blue") and whole["place"] == grade["place"], whole
        wait_for("it held back", lambda: stands("bus", small) == [("opened", "held", "inhibited")])
        step(red, "acknowledge")
        step(red, "close", outcome="solved")
        wait_for("it told", lambda: reasons("bus", small) == ["opened"])
    with case("rules test: it says whom past posts reached, by which rule and route, and why not the others"):
        sample = [{"published_at": f"{now:%Y-%m-%d}T10:00:00+08:00", "source": "town", "id": "a", "text": "海淀区一商场起火爆炸，多人被困，已有三人死亡"},
                  {"published_at": f"{now:%Y-%m-%d}T10:05:00+08:00", "source": "town", "id": "b", "text": "望江花园停水三天了，老人小孩没水喝，没人管"}]
        daemon.write("../sample.jsonl", "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in sample))
        done = daemon.cli("rules", "test", str(daemon.config.parent / "sample.jsonl"))
        text = done.stdout
        assert "told    bus" in text and "later   slow" in text and "(hours)" in text, text
        assert "route   1 (line 6) takes it" in text and "rule    " in text and "not " in text, text
        lines = [json.loads(line) for line in daemon.cli("rules", "test", "--json").stdout.splitlines()]
        assert lines and {one["receiver"] for one in lines[0]["receivers"]} == {"bus", "office", "slow"}, lines
    daemon.stop()
    finish()


main()
