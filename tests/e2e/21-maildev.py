#!/usr/bin/env python3
"""Mails as a mail program reads them: maildev takes them and gives back subject, thread and both parts."""

import json

from lib import Daemon, case, finish, same, wait_for
from maildev import Maildev

GRAVE = "石渡小区停水三天了，老人没水喝晕倒送医院抢救，打电话没人管，要出人命了"
RECEIVERS = """
[[receiver]]
name = "duty"
kind = "email"
[receiver.email]
to = ["值班 <duty@example.invalid>"]
"""


def main():
    maildev = Maildev()
    daemon = Daemon("maildev", f'[outward]\nallow = ["127.0.0.1:{maildev.smtp}"]\n', receivers=maildev.relay() + RECEIVERS)
    daemon.start()

    def step(incident, what, **body):
        sent = json.dumps(body, ensure_ascii=False).encode()
        status, _, _ = daemon.request("POST", f"/api/v1/incidents/{incident}/{what}", sent, {"Content-Type": "application/json"})
        same(status, 200, what)

    with case("maildev: the first mail tells grade, matter and place in its subject, and the same in text and HTML"):
        daemon.push({"id": "1", "source": "hotline", "author": "邻居王某", "text": GRAVE})
        incident = wait_for("the incident", lambda: next(iter(daemon.incidents()), None))
        first = wait_for("the mail", maildev.mails)[0]
        assert "橙" in first["subject"] and "停水" in first["subject"] and incident["id"] in first["subject"], first["subject"]
        same([one["address"] for one in first["to"]], ["duty@example.invalid"], "to")
        same([(one["name"], one["address"]) for one in first["from"]], [("民声值班台", "minsheng@example.invalid")], "from")
        for part in (first["text"], first["html"]):
            assert "石渡小区停水三天了" in part and incident["id"] in part and "等待签收" in part, part
            assert "邻居王某" not in part, "who wrote it"
            assert f"/incidents/{incident['id']}" in part, "the link"
        assert "<script" not in first["html"] and "http://" not in first["html"].split("<body")[0], "what a mail program would load"

    with case("maildev: what follows stands in the same thread, in order"):
        step(incident["id"], "acknowledge", note="已联系水务局")
        step(incident["id"], "close", outcome="solved", note="已恢复供水")
        mails = wait_for("three mails", lambda: maildev.mails() if len(maildev.mails()) == 3 else None)
        mails.sort(key=lambda mail: mail["date"])
        ids = [mail["headers"]["message-id"] for mail in mails]
        same(len(set(ids)), 3, "different ids")
        opened = next(mail for mail in mails if "in-reply-to" not in mail["headers"])
        same(opened["id"], first["id"], "the one that begins the thread")
        later = [mail for mail in mails if mail["id"] != first["id"]]
        for mail in later:
            assert opened["headers"]["message-id"] in mail["headers"]["references"], mail["headers"]
        replies = {mail["headers"]["message-id"]: mail["headers"]["in-reply-to"] for mail in later}
        assert opened["headers"]["message-id"] in replies.values(), "the second answers the first"
        texts = "".join(mail["text"] for mail in later)
        assert "已联系水务局" in texts and "已恢复供水" in texts, texts
        for mail in mails:
            same(mail["headers"].get("auto-submitted"), "auto-generated", "Auto-Submitted")
    daemon.stop()
    finish()


main()
