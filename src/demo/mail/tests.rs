//! Dialogues as clients hold them, well-behaved or not. Sending by a real client is tested in `tests/it`.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

fn now() -> Now {
    Arc::new(|| Timestamp::UNIX_EPOCH)
}

/// Says all lines at once (we promise PIPELINING) and gives the codes of the answers.
async fn hold(script: &[u8], inbox: &Inbox) -> Vec<String> {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let (mut hear, mut speak) = tokio::io::split(client);
    let (now, stop) = (now(), CancellationToken::new());
    let server = session::run(server, inbox, &now, &stop);
    let speaking = async {
        // A server that has had enough hangs up before it has heard all.
        let heard_out = speak.write_all(script).await.is_ok();
        if heard_out {
            speak.shutdown().await.unwrap();
        }
    };
    let mut answers = String::new();
    let (ended, (), heard) = tokio::join!(server, speaking, hear.read_to_string(&mut answers));
    ended.unwrap();
    heard.unwrap();
    // Of an answer of several lines the last has a blank after its code.
    answers.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| line[..3].to_owned()).collect()
}

#[tokio::test]
async fn a_mail_is_taken_with_its_dots_and_can_be_read() {
    let mail = "Subject: =?utf-8?B?44CQ57qi44CR5YGc5rC0?=\r\nFrom: desk@hechuan.example\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n5LqR6ZSm6IuR\r\n--b\r\n\
        Content-Type: text/html; charset=utf-8\r\n\r\n<p>云锦苑</p>\r\n..\r\n...\r\n--b--\r\n";
    let script = format!(
        "EHLO me\r\nMAIL FROM:<a@b.example> SIZE=900 BODY=8BITMIME\r\nRCPT TO:<c@d.example>\r\nrcpt to:<e@f.example>\r\n\
         DATA\r\n{mail}.\r\nNOOP\r\nQUIT\r\n"
    );
    let inbox = Inbox::default();
    let codes = hold(script.as_bytes(), &inbox).await;
    assert_eq!(codes, ["220", "250", "250", "250", "250", "354", "250", "250", "221"]);
    let message = &inbox.messages()[0];
    assert_eq!(message.to, ["c@d.example", "e@f.example"]);
    assert_eq!((&message.subject[..], message.text.trim()), ("【红】停水", "云锦苑"));
    assert_eq!(message.html.as_deref().map(str::trim), Some("<p>云锦苑</p>\r\n.\r\n.."), "one dot less");
    assert!(
        message.headers.contains(&("From".into(), "desk@hechuan.example".into())),
        "{:?}",
        message.headers
    );
    assert!(message.body.starts_with("Subject:"));
}

#[tokio::test]
async fn the_order_of_commands_is_kept_and_faults_are_told() {
    for (name, script, codes) in [
        ("no greeting", "MAIL FROM:<a@b.example>\r\n", "503"),
        ("nameless", "EHLO\r\n", "501"),
        ("no sender", "HELO me\r\nRCPT TO:<a@b.example>\r\nDATA\r\n", "250 503 503"),
        ("two senders", "HELO me\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\n", "250 250 503"),
        ("reset", "HELO me\r\nMAIL FROM:<>\r\nRSET\r\nRCPT TO:<a@b.example>\r\n", "250 250 250 503"),
        ("no recipient", "HELO me\r\nMAIL FROM:<>\r\nDATA\r\n", "250 250 503"),
        (
            "bad addresses",
            "HELO me\r\nMAIL FROM:a@b\r\nMAIL FROM:<a b@c>\r\nMAIL <a@b>\r\nMAIL FR水OM\r\n",
            "250 501 501 501 501",
        ),
        ("bad recipient", "HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<nobody>\r\n", "250 250 501 501"),
        ("announced size", "EHLO me\r\nMAIL FROM:<> SIZE=1048577\r\nMAIL FROM:<> size=x\r\n", "250 552 552"),
        (
            "unknown",
            "HELO me\r\nSTARTTLS\r\nAUTH PLAIN x\r\nGET / HTTP/1.1\r\nVRFY a\r\n",
            "250 502 502 500 252",
        ),
        ("hung up", "HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nhalf", "250 250 250 354"),
    ] {
        let inbox = Inbox::default();
        let heard = hold(script.as_bytes(), &inbox).await;
        assert_eq!(heard[1..].join(" "), codes, "{name}");
        assert_eq!(inbox.count(Channel::Mail), 0, "{name}");
    }
}

#[tokio::test]
async fn nothing_is_without_end() {
    let envelope = b"HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n";
    let end = b"\r\n.\r\nNOOP\r\nQUIT\r\n";
    let letters = |size: usize| vec![b'x'; size];
    let recipients = b"RCPT TO:<a@b.example>\r\n".repeat(session::RECIPIENTS - 1);
    let one_more = b"RCPT TO:<a@b.example>\r\nQUIT\r\n";
    for (name, script, last) in [
        ("long line", [&letters(2000), &b"\r\nQUIT\r\n"[..]].concat(), "500 221"),
        ("endless line", letters(1 << 20), "220 421"),
        ("large mail", [&envelope[..], &letters(session::MAIL_LIMIT + 1), end].concat(), "552 250 221"),
        (
            "just small enough",
            [&envelope[..], &letters(session::MAIL_LIMIT - 2), end].concat(),
            "250 250 221",
        ),
        ("endless mail", [&envelope[..], &letters(16 << 20)].concat(), "354 421"),
        (
            "many recipients",
            [envelope.strip_suffix(b"DATA\r\n").unwrap(), &recipients, one_more].concat(),
            "250 452 221",
        ),
        ("nonsense", b"what\r\n".repeat(50), "500 421"),
    ] {
        let codes = hold(&script, &Inbox::default()).await.join(" ");
        assert!(codes.ends_with(last), "{name}: {}", &codes[codes.len().saturating_sub(40)..]);
    }
}

#[tokio::test]
async fn nothing_is_smuggled_behind_a_bare_line_feed() {
    let smuggled = "\n.\nMAIL FROM:<evil@b.example>\n.\r\nEHLO evil\r\r\n.\r\nQUIT\r\n";
    let script = format!("HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nSubject: 1{smuggled}");
    let inbox = Inbox::default();
    let codes = hold(script.as_bytes(), &inbox).await;
    assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"]);
    assert!(inbox.messages()[0].body.contains("EHLO evil"));
}

#[tokio::test(start_paused = true)]
async fn silence_and_stopping_end_a_session_with_a_word() {
    for stopped in [false, true] {
        let (mut client, server) = tokio::io::duplex(1024);
        let (inbox, now, stop) = (Inbox::default(), now(), CancellationToken::new());
        if stopped {
            stop.cancel();
        }
        session::run(server, &inbox, &now, &stop).await.unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        let last = if stopped { "421 closing\r\n" } else { "421 nothing heard\r\n" };
        assert!(heard.ends_with(last), "{heard}");
    }
}

#[tokio::test]
async fn sessions_run_beside_each_other_and_end_with_the_sink() {
    let inbox = Inbox::default();
    let sink = MailSink::bind(inbox.clone(), now()).await.unwrap();
    let (address, stop) = (sink.address(), CancellationToken::new());
    let clients = async {
        let mut idle = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut busy = tokio::net::TcpStream::connect(address).await.unwrap();
        busy.write_all(b"HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n")
            .await
            .unwrap();
        let mut heard = String::new();
        busy.read_to_string(&mut heard).await.unwrap();
        assert!(heard.ends_with("250 taken\r\n221 goodbye\r\n"), "{heard}");
        stop.cancel();
        heard.clear();
        idle.read_to_string(&mut heard).await.unwrap();
        assert!(heard.ends_with("421 closing\r\n"), "{heard}");
    };
    let (ended, ()) = tokio::join!(sink.run(stop.clone()), clients);
    ended.unwrap();
    assert_eq!(inbox.count(Channel::Mail), 1);
}
