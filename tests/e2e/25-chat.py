#!/usr/bin/env python3
"""Robots of chat groups and an Alertmanager, at the other end: services of our own answer as WeCom, DingTalk, Feishu and
Slack do, with their signatures, codes and limits; Debian's Alertmanager is asked what it made of an incident."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib import DIRECTORY, Daemon, case, command, end, finish, free_port, same, start, wait_for

GRAVE = "槐荫巷化工厂爆炸，死伤十几人，有毒气体泄漏，居民正在逃离，急需救援@all<@all>[点我](https://evil.example/)"
SECRETS = {"DING": "SEC-dingtalk-canary", "FEI": "feishu-canary"}
MOBILE = "13800001111"


class Services:
    """All four on one port, by path. `answers` holds further answers of a service; then it takes what is right."""

    def __init__(self):
        self.heard = {name: [] for name in ("wecom", "dingtalk", "feishu", "slack")}
        self.answers = {name: [] for name in self.heard}
        services = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                url = urllib.parse.urlparse(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                name = url.path.strip("/")
                services.heard[name].append((query, body))
                given = services.answers[name]
                answer = given.pop(0) if given else getattr(services, name)(query, body)
                status, text = answer if isinstance(answer, tuple) else (200, json.dumps(answer))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wecom(self, query, body):
        if query.get("key") != "canary-key":
            return {"errcode": 93000, "errmsg": "invalid webhook url"}
        kind = body.get("msgtype")
        content = body.get(kind, {}).get("content", "") if kind in ("markdown", "text") else ""
        if not content:
            return {"errcode": 44004, "errmsg": "empty content"}
        if len(content.encode()) > {"markdown": 4096, "text": 2048}[kind]:
            return {"errcode": 40058, "errmsg": "exceed max length"}
        return {"errcode": 0, "errmsg": "ok"}

    def dingtalk(self, query, body):
        stamp, secret = query.get("timestamp", "0"), SECRETS["DING"]
        signed = base64.b64encode(hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()).decode()
        if query.get("sign") != signed or abs(time.time() * 1000 - int(stamp)) > 3_600_000:
            return {"errcode": 310000, "errmsg": "sign not match"}
        if body.get("msgtype") != "markdown" or not body["markdown"]["title"] or not body["markdown"]["text"]:
            return {"errcode": 40035, "errmsg": "缺少参数"}
        return {"errcode": 0, "errmsg": "ok"}

    def feishu(self, _query, body):
        stamp = body.get("timestamp", "0")
        signed = base64.b64encode(hmac.new(f'{stamp}\n{SECRETS["FEI"]}'.encode(), b"", hashlib.sha256).digest()).decode()
        if body.get("sign") != signed or abs(time.time() - int(stamp)) > 3_600:
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        if body.get("msg_type") not in ("interactive", "text") or len(json.dumps(body).encode()) > 20_480:
            return {"code": 9499, "msg": "Bad Request"}
        return {"code": 0, "msg": "success", "data": {}}

    def slack(self, _query, body):
        return (200, "ok") if body.get("text") and body.get("blocks") else (400, "invalid_payload")


class Alertmanager:
    """Debian's, with nothing to tell anybody."""

    def __init__(self):
        place = DIRECTORY / "alertmanager"
        place.mkdir()
        (place / "alertmanager.yml").write_text("route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n")
        self.port = free_port()
        log = (DIRECTORY / "alertmanager.log").open("ab")
        self.process = start([command("prometheus-alertmanager"), f"--config.file={place / 'alertmanager.yml'}",
                              f"--storage.path={place}", f"--web.listen-address=127.0.0.1:{self.port}",
                              "--cluster.listen-address="], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_for("the Alertmanager", lambda: self.ask("/-/ready") is not None)

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            return body if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def alerts(self):
        return json.loads(self.ask("/api/v2/alerts?active=true") or b"[]")


def receivers(port, manager):
    here = f"http://127.0.0.1:{port}"
    host = 'allow_host = "127.0.0.1"'
    return f"""
[[receiver]]
name = "wecom"
kind = "wecom"
[receiver.wecom]
url = "{here}/wecom?key=canary-key"
{host}
mention = ["{MOBILE}"]

[[receiver]]
name = "dingtalk"
kind = "dingtalk"
[receiver.dingtalk]
url = "{here}/dingtalk?access_token=canary-token"
{host}
secret_env = "DING"
mention = ["{MOBILE}", "all"]

[[receiver]]
name = "feishu"
kind = "feishu"
[receiver.feishu]
url = "{here}/feishu"
{host}
secret_env = "FEI"
mention = ["ou_duty"]

[[receiver]]
name = "slack"
kind = "slack"
[receiver.slack]
url = "{here}/slack"
{host}

[[receiver]]
name = "manager"
kind = "alertmanager"
[receiver.alertmanager]
url = "http://127.0.0.1:{manager}/"
"""


def main():
    services, manager = Services(), Alertmanager()
    allow = f'[outward]\nallow = ["127.0.0.1:{services.port}", "127.0.0.1:{manager.port}"]\n'
    daemon = Daemon("desk", settings=allow, receivers=receivers(services.port, manager.port), environment=SECRETS)
    heard = services.heard

    with case("chat: `notify-test` reaches every kind, marked as a test"):
        for name in ("wecom", "dingtalk", "feishu", "slack"):
            answer = daemon.cli("notify-test", name)
            assert "sent after" in answer.stdout, answer.stdout
            assert "测试" in json.dumps(heard[name][-1][1], ensure_ascii=False), heard[name][-1]
            heard[name].clear()
        assert "sent after" in daemon.cli("notify-test", "manager").stdout

    daemon.start()
    daemon.push({"id": "1", "source": "forum", "author": "路边的风", "text": GRAVE, "url": "https://forum.example/t/1"})
    incident = wait_for("the incident", lambda: next(iter(daemon.incidents()), None))
    same(incident["grade"], "red", "grade")

    with case("chat: a red incident reaches each group in its form, and those named are called"):
        wait_for("all groups", lambda: all(heard.values()) and len(heard["wecom"]) >= 2)
        (_, shown), (_, call) = heard["wecom"][:2]
        same((shown["msgtype"], call["msgtype"]), ("markdown", "text"), "WeCom's messages")
        same(call["text"]["mentioned_mobile_list"], [MOBILE], "who is called at WeCom")
        same(heard["dingtalk"][0][1]["at"], {"atMobiles": [MOBILE], "isAtAll": True}, "who is called at DingTalk")
        assert f"@{MOBILE}" in heard["dingtalk"][0][1]["markdown"]["text"]
        card = heard["feishu"][0][1]["card"]
        same(card["header"]["template"], "red", "colour at Feishu")
        assert "<at id=ou_duty></at>" in card["elements"][0]["content"], card
        texts = {"wecom": shown["markdown"]["content"], "dingtalk": heard["dingtalk"][0][1]["markdown"]["text"],
                 "feishu": card["header"]["title"]["content"] + card["elements"][0]["content"],
                 "slack": json.dumps(heard["slack"][0][1], ensure_ascii=False)}
        for name, text in texts.items():
            for words in ("【红】", "等待签收", "尚不清楚", "槐荫巷化工厂爆炸", f'/incidents/{incident["id"]}', "词典版本"):
                assert words in text, f"{words} is not in the message for {name}: {text}"
            own = text.replace(f"@{MOBILE}", "").replace("<at id=ou_duty></at>", "")
            assert "@" not in own and "](https://evil" not in own and "路边的风" not in own, own

    with case("chat: Alertmanager has the incident as one alert, and lets it go when it is closed"):
        alerts = wait_for("the alert", lambda: [a for a in manager.alerts() if a["labels"]["incident"] == incident["id"]])
        same((len(alerts), alerts[0]["labels"]["severity"], alerts[0]["status"]["state"]), (1, "critical", "active"), "the alert")
        daemon.post(f'/api/v1/incidents/{incident["id"]}/close', {"note": "已处置"})
        wait_for("the end of the alert", lambda: not [a for a in manager.alerts() if a["labels"]["incident"] == incident["id"]])

    def notifications(receiver):
        return [n for n in daemon.notifications() if n["receiver"] == receiver and n["reason"] == "opened"]

    with case("chat: a card that Feishu does not take arrives as text; a busy service is asked again; a dead key is broken"):
        wait_for("the words on the end", lambda: all(n["state"] == "sent" for n in daemon.notifications()))
        for name in heard:
            heard[name].clear()
        services.answers["feishu"] = [{"code": 230099, "msg": "Failed to create card content, ext=ErrCode: 11310"}]
        services.answers["dingtalk"] = [{"errcode": -1, "errmsg": "系统繁忙"}]
        services.answers["wecom"] = [{"errcode": 93000, "errmsg": "invalid webhook url"}]
        services.answers["slack"] = [(404, "no_service")]
        daemon.push({"id": "2", "source": "forum", "text": "云锦苑电梯坠落，三人被困，一人重伤流血，急需救援"})
        second = wait_for("the second incident", lambda: [i for i in daemon.incidents() if i["id"] != incident["id"]])[0]
        wait_for("a try at each", lambda: all(heard.values()) and len(heard["feishu"]) == 2)
        same([body["msg_type"] for _, body in heard["feishu"]], ["interactive", "text"], "Feishu's messages")
        assert second["id"] in heard["feishu"][1][1]["content"]["text"]
        states = {}

        def settled():
            for n in daemon.notifications():
                if n["incident"] == second["id"] and n["reason"] == "opened":
                    states[n["receiver"]] = n["state"]
            wanted = {"feishu": "sent", "dingtalk": "waiting", "wecom": "broken", "slack": "broken", "manager": "sent"}
            return {name: states.get(name) for name in wanted} == wanted
        wait_for("what became of each", settled)

    with case("chat: no address, key or secret stands in the log or in an answer"):
        said = daemon.log() + json.dumps(daemon.notifications()) + daemon.get("/api/v1/receivers", raw=True)
        for secret in ("canary", *SECRETS.values()):
            assert secret not in said, f"{secret} was told"
    daemon.stop()
    end(manager.process)
    finish()


main()
