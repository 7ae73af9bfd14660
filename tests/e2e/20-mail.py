#!/usr/bin/env python3
"""Alerts reach a real mail server: STARTTLS with a private authority, log-in, one mailbox a mail, threads; what is
not taken now comes later as the same mail; and where the connection cannot be trusted nothing is said at all."""

import asyncio
import email
import email.policy
import email.utils
import json
import re
import ssl
import threading
import time

from lib import DIRECTORY, Daemon, case, command, finish, needs, run, same, wait_for

needs("aiosmtpd")

from aiosmtpd.smtp import SMTP, AuthResult  # noqa: E402  (after the Python that has it was found)

USER, PASSWORD = "minsheng@example.invalid", "Ein-geheimes-Wort-7731"
FROM, REPLY_TO = "minsheng@example.invalid", "duty-room@example.invalid"
DUTY, SECOND = "duty@example.invalid", "second@example.invalid"
GRAVE = "石渡小区停水三天了，老人没水喝晕倒送医院抢救，打电话没人管，要出人命了"


class Relay:
    """A mail server of its own thread. It keeps the mails it took, and answers DATA with what stands in `answers`
    before it takes anything."""

    def __init__(self, tls=None):
        self.tls, self.taken, self.refused, self.log_ins, self.connections = tls, [], [], [], 0
        self.answers = []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(self._session, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def _session(self):
        self.connections += 1
        return SMTP(self, hostname="relay.example.invalid", tls_context=self.tls, require_starttls=bool(self.tls),
                    auth_required=True, auth_require_tls=bool(self.tls), authenticator=self._log_in,
                    enable_SMTPUTF8=False, loop=self._loop)

    def _log_in(self, _server, _session, _envelope, _mechanism, data):
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.log_ins.append(good)
        return AuthResult(success=good, handled=False)

    async def handle_DATA(self, _server, session, envelope):
        mail = Mail(envelope, encrypted=session.ssl is not None, logged_in=session.authenticated)
        if self.answers:
            self.refused.append(mail)
            return self.answers.pop(0)
        self.taken.append(mail)
        return f"250 2.0.0 taken as number {len(self.taken)}"

    def to(self, mailbox, incident):
        return [mail for mail in self.taken if mail.to == [mailbox] and incident in str(mail.message["Subject"])]


class Mail:
    """A mail as it came over the wire."""

    def __init__(self, envelope, encrypted, logged_in):
        self.sender, self.to = envelope.mail_from, envelope.rcpt_tos
        self.encrypted, self.logged_in = encrypted, logged_in
        self.raw = envelope.original_content
        self.message = email.message_from_bytes(self.raw, policy=email.policy.default)

    def id(self):
        return str(self.message["Message-ID"])

    def part(self, kind):
        return self.message.get_body((kind,)).get_content()


def certificates(name):
    """An authority and a certificate of it for `localhost`: the authority's file, and the server's TLS."""
    place = DIRECTORY / f"tls-{name}"
    place.mkdir()
    openssl = command("openssl")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run([openssl, "req", "-x509", *key, "-keyout", place / "ca.key", "-out", place / "ca.pem", "-days", 2,
         "-subj", f"/CN=authority {name}", "-addext", "keyUsage=critical,keyCertSign"])
    run([openssl, "req", *key, "-keyout", place / "key.pem", "-out", place / "request.pem", "-subj", "/CN=localhost"])
    (place / "extensions").write_text(
        "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n")
    run([openssl, "x509", "-req", "-in", place / "request.pem", "-CA", place / "ca.pem", "-CAkey", place / "ca.key",
         "-CAcreateserial", "-days", 2, "-out", place / "certificate.pem", "-extfile", place / "extensions"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(place / "certificate.pem", place / "key.pem")
    return place / "ca.pem", tls


def receivers(relay, authority, user=USER):
    return f"""
[smtp]
host = "localhost"
port = {relay.port}
tls = "starttls"
user = "{user}"
password_env = "E2E_SMTP_PASSWORD"
from = "民声值班台 <{FROM}>"
reply_to = "值班室 <{REPLY_TO}>"
ca_file = "{authority}"

[[receiver]]
name = "duty"
kind = "email"
min_grade = "yellow"
[receiver.email]
to = ["值班 <{DUTY}>", "{SECOND}"]
"""


def desk(name, relay, authority, user=USER, password=PASSWORD):
    daemon = Daemon(name, f'[outward]\nallow = ["127.0.0.1:{relay.port}"]\n',
                    receivers=receivers(relay, authority, user), environment={"E2E_SMTP_PASSWORD": password})
    return daemon.start()


def push(daemon, text, title="", name="邻居"):
    """Pushes one post and gives the incident that it opened."""
    known = {incident["id"] for incident in daemon.incidents()}
    taken = daemon.push({"source": "hotline", "text": text, "title": title, "author": name,
                         "url": "http://town.example/t/1?a=1&b=%22"})
    same((taken["accepted"], taken["rejected"]), (1, []), "pushed")
    opened = lambda: [incident for incident in daemon.incidents() if incident["id"] not in known]
    return wait_for("the incident", opened)[0]


def tries(daemon, incident):
    """The notifications of an incident, each with outcomes of its tries."""
    notifications = daemon.get(f"/api/v1/incidents/{incident['id']}")["notifications"]
    return {n["key"]: (n["state"], [attempt["outcome"] for attempt in n["attempts"]]) for n in notifications}


def all_are(daemon, incident, state):
    found = tries(daemon, incident)
    return found and all(stands == state for stands, _ in found.values()) and found


def good_relay(authority, tls):
    relay = Relay(tls)
    daemon = desk("daemon", relay, authority)
    first = {}

    with case("an alert is mailed, encrypted and logged in, to each mailbox by a mail of its own"):
        incident = push(daemon, GRAVE, title="石渡小区一直停水")
        for mailbox in (DUTY, SECOND):
            first[mailbox] = wait_for(f"the mail to {mailbox}", lambda: relay.to(mailbox, incident["id"]))[0]
        for mailbox, mail in first.items():
            same((mail.sender, mail.to), (FROM, [mailbox]), "envelope")
            assert mail.encrypted and mail.logged_in, "sent in the clear or without log-in"
        wait_for("both to be written down as sent", lambda: all_are(daemon, incident, "sent"))
        same([outcomes for _, outcomes in tries(daemon, incident).values()], [["sent"]] * 2, "tries")
        same(len(relay.taken), 2, "mails in all")

    with case("its headers say what it is and let nobody answer by machine"):
        mail = first[DUTY].message
        assert re.fullmatch(rf"【(红|橙|黄)】\S.* · {incident['id']}", str(mail["Subject"])), mail["Subject"]
        same({"red": "红", "orange": "橙", "yellow": "黄"}[incident["grade"]], str(mail["Subject"])[1], "grade")
        assert incident["place"] in str(mail["Subject"]), "no place in the subject"
        assert re.fullmatch(rf"<inc\.{incident['id']}\.1\.[0-9a-f]{{32}}@example\.invalid>", mail["Message-ID"]), mail["Message-ID"]
        same(str(mail["From"]), f"民声值班台 <{FROM}>")
        same(email.utils.parseaddr(str(mail["Reply-To"]))[1], REPLY_TO)
        same(str(mail["To"]), f"值班 <{DUTY}>")
        same((mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]), ("auto-generated", "All"))
        same(mail["Importance"], "high" if incident["grade"] == "red" else None)
        same((mail["In-Reply-To"], mail["References"]), (None, None))
        assert abs(mail["Date"].datetime.timestamp() - time.time()) < 120, mail["Date"]
        same(mail.get_content_type(), "multipart/alternative")
        same([part.get_content_type() for part in mail.iter_parts()], ["text/plain", "text/html"])
        assert first[DUTY].id() != first[SECOND].id(), "two mails with one Message-ID"
        long = [line for line in first[DUTY].raw.split(b"\r\n") if len(line) > 998]
        same(long, [], "lines too long for mail")

    with case("both its parts tell what, where, why and where to look"):
        for kind in ("plain", "html"):
            text = first[DUTY].part(kind)
            for word in (incident["id"], incident["place"], "石渡小区停水三天了", f"{daemon.url}/incidents/{incident['id']}", "为什么提醒"):
                assert word in text, f"no {word!r} in the {kind} part"
        assert "http://town.example/t/1?a=1" in first[DUTY].part("plain"), "no link to the post"
        assert "邻居" not in first[DUTY].part("plain") + first[DUTY].part("html"), "the writer is named"

    with case("what follows stands in the same thread"):
        ids = {mailbox: [mail.id()] for mailbox, mail in first.items()}
        for step, word in (("acknowledge", "签收"), ("close", "办结")):
            daemon.post(f"/api/v1/incidents/{incident['id']}/{step}", {"note": "已联系供水公司"})
            for mailbox in (DUTY, SECOND):
                number = len(ids[mailbox]) + 1
                mail = wait_for(f"mail {number} to {mailbox}", lambda: len(found := relay.to(mailbox, incident["id"])) == number and found)[-1]
                same(mail.message["In-Reply-To"], ids[mailbox][0])
                wanted = [ids[mailbox][0]] if len(ids[mailbox]) == 1 else [ids[mailbox][0], ids[mailbox][-1]]
                same(mail.message["References"].split(), wanted, "References")
                assert str(mail.message["Subject"]).startswith("Re: 【"), mail.message["Subject"]
                assert word in mail.part("plain"), f"no {word} in {mail.part('plain')}"
                ids[mailbox].append(mail.id())
        for mailbox in ids:
            same(len(set(ids[mailbox])), 3, "different Message-IDs")

    with case("a post cannot write headers or markup into a mail"):
        title = "锦溪路塌陷\r\nBcc: evil@example.invalid\r\n\r\n<script>x</script>"
        text = "锦溪路路面塌陷，有人掉下去受重伤，还没人来救<img src=http://evil.example/x onerror=alert(1)>\u202e反"
        hostile = push(daemon, text, title=title)
        mail = wait_for("the mail", lambda: relay.to(DUTY, hostile["id"]))[0]
        same(mail.message["Bcc"], None)
        same(mail.to, [DUTY])
        html = mail.part("html")
        for word in ("<script", "<img"):
            assert word not in html, f"{word} in the HTML part"
        assert "\u202e" not in str(mail.message["Subject"]), "turned text in the subject"

    with case("a mail that is not taken now comes later as the same mail"):
        wait_for("quiet", lambda: not daemon.notifications(state="waiting"))
        relay.answers = ["451 4.3.0 try again later"] * 2
        late = push(daemon, "云锦苑电梯坠落，三人被困，一人重伤流血，急需救援")
        for mailbox in (DUTY, SECOND):
            wait_for(f"the mail to {mailbox}", lambda: relay.to(mailbox, late["id"]), 60.0)
        found = wait_for("both to be written down as sent", lambda: all_are(daemon, late, "sent"))
        same(sorted(outcomes for _, outcomes in found.values()), [["retry", "sent"]] * 2, "tries")
        refused = {mail.to[0]: mail for mail in relay.refused}
        same(sorted(refused), sorted((DUTY, SECOND)), "refused at first")
        for mailbox, before in refused.items():
            after = relay.to(mailbox, late["id"])
            same([mail.id() for mail in after], [before.id()], "Message-ID of the second try")
            same(after[0].part("plain"), before.part("plain"), "text of the second try")
        notifications = daemon.get(f"/api/v1/incidents/{late['id']}")["notifications"]
        for notification in notifications:
            assert notification["attempts"][0]["answer"], "what the relay said is not shown"
            assert "451" in notification["attempts"][0]["answer"], notification["attempts"]

    with case("notify-test shows what the relay answered"):
        before = len(relay.taken)
        done = daemon.cli("notify-test", "duty")
        same(len(done.stdout.splitlines()), 2, "lines")
        assert all("sent after" in line and "250" in line and "taken" in line for line in done.stdout.splitlines()), done.stdout
        subjects = [str(mail.message["Subject"]) for mail in relay.taken[before:]]
        assert len(subjects) == 2 and all("【测试】" in subject for subject in subjects), subjects
        relay.answers = ["452 4.2.2 the mailbox is full"] * 2
        done = daemon.cli("notify-test", "duty", "--json", check=False)
        same(done.returncode, 1, "exit status when nothing was taken")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        same(len(answers), 2, "answers")
        assert all("452" in answer["answer"] for answer in answers), answers
        done = daemon.cli("notify-test", "dutty", check=False)
        same(done.returncode, 2, "exit status for a receiver that is not there")
        assert "duty" in done.stderr, done.stderr

    with case("a mailbox that does not exist is not tried again, and shown"):
        relay.answers = ["550 5.1.1 no such mailbox"] * 2
        lost = push(daemon, "桂雨家园燃气泄漏爆炸，多人受伤被困，消防还没到")
        found = wait_for("both to be written down as broken", lambda: all_are(daemon, lost, "broken"))
        same([outcomes for _, outcomes in found.values()], [["broken"]] * 2, "tries")

    with case("an office writes its own words: a template that is wrong is refused by line, one that is right is used at once"):
        shown = daemon.cli("templates", "show", "mail.txt").stdout
        assert "{{ headline }}" in shown, shown
        (daemon.config / "templates").mkdir()
        daemon.write("templates/mail.txt", "禾川值班：{{ headline }}\n{{ headlin }}\n")
        done = daemon.cli("check", check=False)
        assert done.returncode == 2 and "mail.txt:2" in done.stdout + done.stderr, done.stdout + done.stderr
        daemon.write("templates/mail.txt", "禾川值班：{{ headline }}\n{% for post in posts %}{{ post.excerpt }}\n{% endfor %}{{ link }}\n")
        assert daemon.cli("templates", "preview", "mail.txt").stdout.startswith("禾川值班："), "the preview"
        before = len(relay.taken)
        own = push(daemon, "世纪广场商场起火，浓烟很大，有人被困，急需救援")
        mails = lambda: (found := relay.to(DUTY, own["id"])) and found
        text = wait_for("the mail in own words", mails)[0].part("plain")
        assert text.startswith("禾川值班：发现新情况") and "浓烟很大" in text, text
        assert len(relay.taken) > before, "no mail"

    with case("the password stands in no answer, file of data or log"):
        answers = "".join(daemon.get(path, raw=True) for path in ("/api/v1/receivers", "/api/v1/notifications", "/metrics"))
        assert PASSWORD not in answers and PASSWORD not in daemon.log()
        held = [path.name for path in daemon.data.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
        same(held, [], "files with the password")
    daemon.stop()


def bad_relays(authority, tls, other_authority):
    with case("a relay of another authority is told nothing, and the try is written down"):
        relay = Relay(tls)
        daemon = desk("daemon-untrusting", relay, other_authority)
        incident = push(daemon, GRAVE)
        tried = lambda: (found := tries(daemon, incident)) and all(outcomes for _, outcomes in found.values()) and found
        found = wait_for("the first tries", tried)
        same({(state, tuple(set(outcomes))) for state, outcomes in found.values()}, {("waiting", ("retry",))}, "tries")
        assert relay.connections >= 2, "the relay was never asked"
        same((relay.log_ins, relay.taken, relay.refused), ([], [], []), "what the relay was told")

    with case("once the settings are mended the same mails go out without a restart"):
        keys = set(tries(daemon, incident))
        daemon.write("receivers.toml", receivers(relay, authority))
        wait_for("the mails", lambda: relay.to(DUTY, incident["id"]) and relay.to(SECOND, incident["id"]), 90.0)
        wait_for("both to be written down as sent", lambda: all_are(daemon, incident, "sent"))
        same(set(tries(daemon, incident)), keys, "notifications")
        same({key for mail in relay.taken for key in keys if key in mail.id()}, keys, "keys in Message-IDs")
        same(len(relay.taken), 2, "mails in all")
        daemon.stop()

    with case("a relay without TLS is told nothing"):
        plain = Relay()
        daemon = desk("daemon-plain", plain, authority)
        incident = push(daemon, GRAVE)
        wait_for("it to be written down as broken", lambda: all_are(daemon, incident, "broken"))
        assert plain.connections >= 1, "the relay was never asked"
        same((plain.log_ins, plain.taken, plain.refused), ([], [], []), "what the relay was told")
        daemon.stop()

    with case("a wrong password is not tried again and again"):
        relay = Relay(tls)
        daemon = desk("daemon-locked-out", relay, authority, password="falsch")
        incident = push(daemon, GRAVE)
        found = wait_for("it to be written down as broken", lambda: all_are(daemon, incident, "broken"))
        same([outcomes for _, outcomes in found.values()], [["broken"]] * 2, "tries")
        same((relay.taken, set(relay.log_ins)), ([], {False}), "what the relay took")
        daemon.stop()


def main():
    authority, tls = certificates("one")
    other_authority, _ = certificates("two")
    good_relay(authority, tls)
    bad_relays(authority, tls, other_authority)
    finish()


main()
