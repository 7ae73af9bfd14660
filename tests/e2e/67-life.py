#!/usr/bin/env python3
"""The life of an incident with its clocks: given to a department, given back, answered, ended; a limit that passes while
the program is down is told once; what is not allowed is refused."""

import datetime
import json
import uuid

from lib import Daemon, case, finish, same, wait_for
from loopback import Server, webhook_secret

RECEIVERS = """
[[receiver]]
name = "bus"
kind = "webhook"
[receiver.webhook]
url = "http://{host}/hook"
secret_env = "HOOK_SECRET"
timeout = "3s"
"""
CLOCKS = """
[[clock]]
name = "soon"
title = "尽快回应"
source = "试行办法"
limit = "{limit}"
until = "responded"
warn = []
"""


class Bus:
    """Keeps the reasons it is told for."""

    def __init__(self):
        self.told = {}
        self.server = Server(self.answer)

    def answer(self, request):
        alert = json.loads(request.sent)["alerts"][0]
        self.told[request.headers["webhook-id"]] = (alert["labels"]["incident"], alert["annotations"]["reason"])
        return 200, {}, "{}"

    def times(self, incident, reason):
        return list(self.told.values()).count((incident, reason))


def main():
    bus = Bus()
    host = bus.server.host
    daemon = Daemon("life", f'[outward]\nallow = ["{host}"]\n', receivers=RECEIVERS.format(host=host),
                    environment={"HOOK_SECRET": webhook_secret()[1]})
    daemon.write("clocks.toml", CLOCKS.format(limit="2h"))
    daemon.start()

    def opened(name, text):
        at = datetime.datetime.now(datetime.timezone.utc).isoformat()
        before = {incident["id"] for incident in daemon.incidents()}
        daemon.push({"id": name, "source": "town", "author": name, "published_at": at, "text": text})
        fresh = lambda: [one["id"] for one in daemon.incidents() if one["id"] not in before]
        return wait_for(f"the incident of {name}", fresh)[0]

    def step(incident, what, body=None, key=None):
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"}
        sent = json.dumps(body or {}, ensure_ascii=False).encode()
        status, _, answer = daemon.request("POST", f"/api/v1/incidents/{incident}/{what}", sent, headers)
        return status, answer

    with case("life: given to a department, given back, given again, answered, ended with an outcome"):
        one = opened("gas", "解放路小学旁边燃气泄漏，有人晕倒，快来救人")
        same(daemon.get(f"/api/v1/incidents/{one}")["state"], "new", "state")
        for what, body, state in [
            ("acknowledge", {}, "acknowledged"),
            ("assign", {"department": "emergency", "second": "fire", "reason": "燃气泄漏归其管理"}, "assigned"),
            ("bounce", {"reason": "不在辖区"}, "assigned"),
            ("assign", {"department": "fire", "reason": "有人晕倒，先行救援"}, "assigned"),
            ("accept", {}, "assigned"),
            ("respond", {"url": "https://gov.example/answer"}, "responded"),
            ("close", {"outcome": "solved", "note": "已抢修"}, "closed"),
        ]:
            status, answer = step(one, what, body)
            same(status, 200, f"status of {what}: {answer}")
            found = daemon.get(f"/api/v1/incidents/{one}")
            same(found["state"], state, f"state after {what}")
        same(found["outcome"], "solved", "outcome")
        assert wait_for("the close told", lambda: bus.times(one, "closed")) == 1

    with case("life: what is not allowed is refused, and a step under one key is done once"):
        same(step(one, "accept")[0] // 100, 4, "accepting what is closed")
        same(step(one, "close", {"outcome": "wished"})[0], 400, "an unknown outcome")
        two = opened("fire", "世纪广场商场起火，浓烟很大，有人被困")
        key = uuid.uuid4().hex
        for _ in range(2):
            same(step(two, "dismiss", {"reason": "misread"}, key)[0], 200, "status of dismissing")
        whole = daemon.get(f"/api/v1/incidents/{two}")
        same((whole["state"], [entry["what"] for entry in whole["timeline"]].count("dismissed")), ("dismissed", 1), "dismissed")
        same(step(two, "reopen", {"reason": "确有其事"})[0], 200, "status of reopening")
        same(daemon.get(f"/api/v1/incidents/{two}")["state"] in ("new", "acknowledged"), True, "open again")

    with case("supervision: the cases are counted with what was given back, reopened and how they ended; no person is"):
        report = daemon.get("/api/v1/supervision")
        total = report["total"]
        same((total["incidents"], total["bounced"], total["reopened"], total["outcomes"]), (2, 1, 1, {"solved": 1}), "counts")
        same((total["open"], total["responded"], total["unanswered"]), (1, 1, 1), "open, answered, unanswered")
        same(sum(one["incidents"] for one in report["items"]), 2, "cases of all departments")
        assert total["answered"]["p50"] >= 0 and total["taken"]["cases"] >= 1, total
        page = daemon.get("/supervision?by=category", raw=True)
        assert "督查" in page and "实际困难" in page, "the page"
        table = daemon.get("/supervision.csv", raw=True)
        assert table.startswith("\ufeffof,incidents") and len(table.splitlines()) >= 2, table
        same(daemon.request("GET", "/api/v1/supervision?by=person")[0], 400, "by people")

    with case("clocks: a limit that passes while the program is down is told once, also after a further kill -9"):
        daemon.write("clocks.toml", CLOCKS.format(limit="3s"))
        daemon.kill()
        daemon.start()
        wait_for("the breach told", lambda: bus.times(two, "breach"), deadline=60.0)
        daemon.kill()
        daemon.start()
        three = opened("flood", "滨河路积水齐腰，车里有人被困，快来救人")
        wait_for("the next breach", lambda: bus.times(three, "breach"), deadline=60.0)
        same((bus.times(two, "breach"), bus.times(three, "breach")), (1, 1), "breaches told")
        clock = next(clock for clock in daemon.get(f"/api/v1/incidents/{two}")["clocks"])
        same(clock["name"], "soon", "the clock")
        page = daemon.get(f"/incidents/{two}", raw=True)
        assert "尽快回应" in page and "超时" in page, "the clock is not on the page"
    daemon.stop()
    finish()


main()
