#!/usr/bin/env python3
"""A budget of alerts a shift: what comes above it and is not grave is told in one message, over kill -9 too; red goes through."""

import json

from lib import Daemon, case, finish, same, wait_for
from loopback import Server, webhook_secret
from maildev import Maildev

PLACES = ["海淀区", "丰台区", "顺义区", "昌平区", "石景山区", "怀柔区"]
RECEIVER = """
[[receiver]]
name = "{name}"
kind = "{kind}"
reasons = ["opened", "raised"]
budget = 2
bundle = "12s"
[receiver.{kind}]
"""
MAILBOX = RECEIVER.format(name="duty", kind="email") + 'to = ["值班 <duty@example.invalid>", "值班长 <chief@example.invalid>"]\n'
GROUP = RECEIVER.format(name="group", kind="slack") + 'url = "http://{host}/services/T/B/x"\nallow_host = "127.0.0.1"\n'


def main():
    maildev, said = Maildev(), []

    def robot(request):
        """Takes what it is told, but refuses the first digest once."""
        said.append(json.dumps(json.loads(request.sent), ensure_ascii=False))
        digests = [text for text in said if "汇总" in text]
        return (500, {}, "busy") if digests == said[-1:] else (200, {}, "ok")

    server = Server(robot)
    allow = f'[outward]\nallow = ["127.0.0.1:{maildev.smtp}", "{server.host}"]\n'
    daemon = Daemon("budget", allow, receivers=maildev.relay() + MAILBOX + GROUP.format(host=server.host),
                    environment={"HOOK_SECRET": webhook_secret()[1]})
    daemon.start()

    def incident(nth):
        at = {one["id"] for one in daemon.incidents()}
        daemon.push({"id": f"p{nth}", "source": "town", "author": f"a{nth}", "text": f"{PLACES[nth]}停水三天了，没人管"})
        fresh = lambda: [one for one in daemon.incidents() if one["id"] not in at]
        return wait_for(f"incident {nth}", fresh)[0]

    def stands(receiver):
        return {one["incident"]: (one["state"], one["held_by"]) for one in daemon.notifications() if one["receiver"] == receiver}

    def mails(to="duty"):
        return [mail for mail in maildev.mails() if mail["to"][0]["address"] == f"{to}@example.invalid"]

    def mails_on(one, to="duty"):
        return [mail for mail in mails(to) if one["id"] in mail["text"]]

    with case("budget: the first are told one by one, the rest waits for the next bundle, over kill -9 too"):
        alone = [incident(0), incident(1)]
        same({one["grade"] for one in alone}, {"yellow"}, "their grade")
        wait_for("both told", lambda: [len(mails_on(one)) for one in alone] == [1, 1])
        bundled = [incident(nth) for nth in range(2, 6)]
        daemon.kill()
        daemon.start()
        wait_for("all told", lambda: all(mails_on(one) for one in bundled), deadline=60.0)
        wait_for("the other mailbox told", lambda: all(mails_on(one, "chief") for one in bundled))
        digests = [mail for mail in mails() if "汇总" in mail["subject"]]
        assert 1 <= len(digests) <= 3, [mail["subject"] for mail in mails()]
        subjects = lambda to: sorted(mail["subject"] for mail in mails(to))
        same(subjects("chief"), subjects("duty"), "each mailbox is told the same")
        for one in bundled:
            same(len(mails_on(one)), 1, f"mails that tell of {one['id']}")
        told = stands("duty")
        assert {told[one["id"]][1] for one in bundled} <= {"bundled", None}, told
        assert [told[one["id"]][1] for one in bundled].count("bundled") >= 2, told
        biggest = max(digests, key=lambda mail: len(mail["text"]))
        assert "合并发送" in biggest["text"] and "合并发送" in biggest["html"], biggest["text"]
        assert "/incidents/INC-" in biggest["html"] and "发现时间" in biggest["text"], biggest["text"]

    with case("budget: a group is told the same way, and what it refused is told again as one message"):
        wait_for("all named", lambda: all(any(one["id"] in text for text in said) for one in bundled), deadline=60.0)
        refused = next(text for text in said if "汇总" in text)
        wait_for("it told again", lambda: said.count(refused) == 2, deadline=60.0)
        assert sum(one["id"] in refused for one in bundled) >= 2, refused

    with case("budget: what is red is told at once and alone"):
        daemon.push({"id": "fire", "source": "town", "author": "b", "text": "门头沟区一商场起火爆炸，多人被困，已有三人死亡"})
        red = wait_for("the incident", lambda: daemon.incidents(grade="red"))[0]
        mail = wait_for("its mail", lambda: mails_on(red))[0]
        assert "汇总" not in mail["subject"] and "红" in mail["subject"], mail["subject"]
        same(stands("duty")[red["id"]], ("sent", None), "how it went")

    with case("budget: the console and the configuration say what it is"):
        page = daemon.get("/outbox", raw=True)
        assert "与其他提醒合并发送" in page, "the outbox"
        daemon.write("receivers.toml", '[[receiver]]\nname = "bus"\nkind = "webhook"\nbudget = 3\n[receiver.webhook]\nurl = "http://127.0.0.1:9/"\n'
                     'secret_env = "HOOK_SECRET"\n')
        checked = daemon.cli("check", check=False)
        assert "budget is for mailboxes and groups" in checked.stdout + checked.stderr, checked.stdout + checked.stderr
    daemon.stop()


main()
finish()
