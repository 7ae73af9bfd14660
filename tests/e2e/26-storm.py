#!/usr/bin/env python3
"""A storm at a group's robot: many incidents at once, and the robot is sent no more than it takes, everything is named
once, red alone; kill -9 in the midst loses and repeats nothing; a hung receiver delays no other; what a dead robot cannot
be told goes to the second channel, and to the robot again once it is mended."""

import json
import re
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib import DIRECTORY, REPOSITORY, Daemon, case, finish, same, wait_for

NAMES = [f"{a}{b}" for a in "望云金翠锦碧凤清荷兰" for b in "江湖苇岭泽洲汀岸坪麓"]
RULES = """
[[rule]]
name = "post"
title = "单帖"
when = { post = "blue" }
group_by = ["place"]
"""
INCIDENTS = 60
PER_MINUTE = 20


class Robot:
    """As WeCom's: `answer` is its word to what is right; past its limit it complains."""

    def __init__(self):
        self.heard, self.refused, self.answer, self.hang = [], 0, {"errcode": 0, "errmsg": "ok"}, False
        self.released = threading.Event()
        self.lock = threading.Lock()
        robot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if robot.hang:
                    robot.released.wait()
                    return
                with robot.lock:
                    now = time.monotonic()
                    lately = [at for at, _ in robot.heard if at > now - 60]
                    if len(lately) >= PER_MINUTE:
                        robot.refused += 1
                        answer = {"errcode": 45009, "errmsg": "api freq out of limit"}
                    else:
                        answer = robot.answer
                        if answer["errcode"] == 0:
                            robot.heard.append((now, body["markdown"]["content"]))
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receiver(self, name, more=""):
        return (f'[[receiver]]\nname = "{name}"\nkind = "wecom"\nreasons = ["opened"]\n{more}\n[receiver.wecom]\n'
                f'url = "http://127.0.0.1:{self.port}/send?key={name}"\nallow_host = "127.0.0.1"\ntimeout = "30s"\n')


def dictionaries():
    """The shipped ones, with the estates of this town."""
    here = DIRECTORY / "dictionaries"
    shutil.copytree(REPOSITORY / "dictionaries", here)
    with (here / "places.tsv").open("a") as places:
        places.writelines(f"{name}小区\t禾川市\testate\t\n" for name in [*NAMES, "槐荫巷"])
    return here


def named(messages):
    return [incident for _, text in messages for incident in set(re.findall(r"INC-\d{8}-\d+", text))]


def main():
    robot, second, hung = Robot(), Robot(), Robot()
    hung.hang = True
    allow = "[outward]\nallow = [" + ", ".join(f'"127.0.0.1:{one.port}"' for one in (robot, second, hung)) + "]\n"
    receivers = robot.receiver("robot") + hung.receiver("hung")
    places = dictionaries()
    daemon = Daemon("desk", settings=allow, receivers=receivers, rules=RULES, dictionaries=places)
    daemon.start()

    with case("storm: every incident is named to the robot once, red alone, and never more than it takes, with kill -9 in the midst"):
        posts = [{"id": str(n), "source": "forum", "text": f"{NAMES[n]}小区停水两天了，老人没法做饭"} for n in range(INCIDENTS)]
        posts.append({"id": "red", "source": "forum", "text": "槐荫巷小区化工厂爆炸，死伤十几人，有毒气体泄漏，急需救援"})
        daemon.push(*posts[:40])
        wait_for("a first message", lambda: robot.heard)
        daemon.kill()
        daemon.start()
        daemon.push(*posts[40:])
        wait_for("all incidents", lambda: len(daemon.incidents()) == len(posts))
        wait_for("all named", lambda: len(set(named(robot.heard))) == len(posts), deadline=120)
        told = named(robot.heard)
        again = len(told) - len(set(told))
        assert again <= 36, f"{again} were named twice: more than the one message that the kill may have cut off"
        same(robot.refused, 0, "messages past the robot's limit")
        assert len(robot.heard) <= 16, f"{len(robot.heard)} messages for {len(posts)} incidents"
        red = [text for _, text in robot.heard if "【红】" in text]
        same(len(red), 1, "messages about the red one")
        assert "汇总" not in red[0], red

    with case("storm: a robot that hangs has delayed nobody, and waits for its own turn"):
        same(hung.heard, [], "what the hung robot has taken")
        waiting = [n for n in daemon.notifications() if n["receiver"] == "hung" and n["state"] == "waiting"]
        assert waiting, "nothing waits for the robot that hangs"
    daemon.stop()
    hung.released.set()

    receivers = robot.receiver("robot", 'fallback = "second"') + second.receiver("second", 'min_grade = "red"')
    robot.heard.clear()
    robot.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
    other = Daemon("mended", settings=allow, receivers=receivers, rules=RULES, dictionaries=places)
    other.start()

    with case("storm: what a dead robot cannot be told goes to the second channel at once, and says so"):
        other.push({"id": "1", "source": "forum", "text": "望江小区停水两天了，老人没法做饭"})
        incident = wait_for("the incident", lambda: next(iter(other.incidents()), None))
        wait_for("word at the second channel", lambda: second.heard)
        same(named(second.heard), [incident["id"]], "what the second channel heard")
        assert "原接收人“robot”未能收到" in second.heard[0][1], second.heard
        states = {n["receiver"]: n["state"] for n in other.notifications()}
        same(states, {"robot": "broken", "second": "sent"}, "states")
        assert "重新发送" in other.get("/outbox", raw=True), "the button on the page"

    with case("storm: once it is mended it is told what it missed; a dead letter is sent again by hand, and only such"):
        robot.answer = {"errcode": 40058, "errmsg": "exceed max length"}
        same(other.post("/api/v1/receivers/robot/resume"), {"resumed": 1}, "what is tried again")
        key = next(n["key"] for n in other.notifications() if n["receiver"] == "robot")
        wait_for("the dead letter", lambda: [n for n in other.notifications() if n["key"] == key and n["state"] == "dead"])
        robot.answer = {"errcode": 0, "errmsg": "ok"}
        other.post(f"/api/v1/notifications/{key}/resend")
        wait_for("the message", lambda: robot.heard)
        wait_for("its receipt", lambda: [n for n in other.notifications() if n["key"] == key and n["state"] == "sent"])
        attempts = next(n["attempts"] for n in other.notifications() if n["key"] == key)
        same([a["outcome"] for a in attempts], ["broken", "rejected", "sent"], "tries")
        same(other.request("POST", f"/api/v1/notifications/{key}/resend")[0], 409, "status for what was sent")
        same(other.request("POST", f"/api/v1/notifications/{'0' * 32}/resend")[0], 404, "status for what is unknown")
        same(len(second.heard), 1, "what the second channel heard in all")
    other.stop()
    finish()


main()
