//! Hostile and conformance inputs against what leaves the program: mail headers and recipients, signatures.
//!
//! The cases lie in the shared data directory (`MINSHENG_SHARED`, `../shared` by default); where there is
//! none, the tests say so and hold to their own cases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use minsheng::notify::{
    Attempt, Batch, Channel, MailAddress, Mailer, Notification, Receivers, Secret, Wording, test_of,
};
use minsheng::outward::{Outward, OutwardConfig};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

fn cases(file: &str) -> Result<Vec<Value>> {
    let named = std::env::var_os("MINSHENG_SHARED").map(PathBuf::from);
    let root = named.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let path = root.join("data/conformance").join(file);
    if named.is_none() && !path.exists() {
        eprintln!("SKIPPED: {} is not there; set MINSHENG_SHARED", path.display());
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.lines().map(|line| serde_json::from_str(line).context("a case is a line of JSON")).collect()
}

fn text<'a>(case: &'a Value, key: &str) -> Result<&'a str> {
    case[key].as_str().with_context(|| format!("{key} of {case}"))
}

/// Our signature over a valid vector's id, time and body is the vector's.
#[test]
fn signatures_agree_with_the_vectors() -> Result<()> {
    for case in cases("webhooks/vectors.jsonl")? {
        if case["label"] != "valid" {
            continue;
        }
        let secret = minsheng::notify::WebhookSecret::parse(text(&case, "secret")?)?;
        let now = Timestamp::from_second(text(&case, "webhook-timestamp")?.parse()?)?;
        let ours = minsheng::notify::webhook::sign(
            [&secret],
            text(&case, "webhook-id")?,
            text(&case, "body")?.as_bytes(),
            now,
        );
        ensure!(ours == text(&case, "webhook-signature")?, "{}", case["case"]);
    }
    Ok(())
}

/// What a relay saw of one mail.
#[derive(Debug, Default, Clone)]
struct Seen {
    recipients: Vec<String>,
    data: String,
}

/// A relay on a free port that answers `reply` to each recipient; it ends when the set is dropped.
async fn relay(reply: &'static str) -> Result<(u16, Arc<Mutex<Vec<Seen>>>, JoinSet<Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        // The mailer may open a second connection before it has put the first back into its pool.
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await?;
            let seen = Arc::clone(&kept);
            connections.spawn(async move { serve(stream, reply, &seen).await });
        }
    });
    Ok((port, seen, tasks))
}

async fn serve(stream: TcpStream, reply: &str, seen: &Mutex<Vec<Seen>>) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 relay.example\r\n").await?;
    let mut mail = Seen::default();
    while let Some(line) = lines.next_line().await? {
        let answer = match line.get(..4).map(str::to_ascii_uppercase).as_deref() {
            Some("EHLO") => "250-relay.example\r\n250 8BITMIME".to_owned(),
            Some("RCPT") => {
                mail.recipients.push(line.clone());
                reply.to_owned()
            }
            Some("DATA") => {
                write.write_all(b"354 go on\r\n").await?;
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.data.push_str(&line);
                    mail.data.push('\n');
                }
                seen.lock().await.push(std::mem::take(&mut mail));
                "250 taken".to_owned()
            }
            Some("QUIT") => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn receivers(port: u16) -> Result<Receivers> {
    let text = format!(
        "[smtp]\nhost = '127.0.0.1'\nport = {port}\ntls = 'none'\nfrom = '民声值班台 <desk@minsheng.example>'\n\
         [[receiver]]\nname = 'duty'\nkind = 'email'\n[receiver.email]\nto = ['值班室 <duty@example.com>']\n"
    );
    Receivers::from_toml(&text, &|_| Ok(Secret::new("unused")))
        .map_err(|faults| anyhow::anyhow!("{faults:?}"))
}

fn mailer(port: u16, receivers: &Receivers) -> Result<Mailer> {
    let config =
        OutwardConfig { allow: vec![format!("127.0.0.1:{port}").parse()?], ..OutwardConfig::default() };
    let smtp = receivers.smtp.clone().context("the relay is configured")?;
    Ok(Mailer::new(smtp, Outward::new(config)?, "https://minsheng.example/".parse()?)?)
}

fn mail_of(receivers: &Receivers, now: Timestamp) -> Result<(Notification, MailAddress)> {
    let receiver = receivers.get("duty").context("duty is a receiver")?;
    let notification = test_of(receiver, now).remove(0);
    let Channel::Email(to) = &receiver.channel else { anyhow::bail!("duty is no mailbox") };
    Ok((notification, to[0].clone()))
}

/// Hostile text in every field of a notification changes no header and adds no recipient.
#[tokio::test]
async fn hostile_text_adds_no_header_and_no_recipient() -> Result<()> {
    let (port, seen, relay) = relay("250 ok").await?;
    let receivers = receivers(port)?;
    let mailer = mailer(port, &receivers)?;
    let now: Timestamp = "2026-11-22T00:47:00Z".parse()?;
    let own = [
        "\u{4e3b}\u{9898}\r\nBcc: own@example.com".to_owned(),
        "a\r\n.\r\nRCPT TO:<own@example.com>".to_owned(),
    ];
    let shared = cases("hostile-inputs/mail.jsonl")?;
    let hostile = shared.iter().map(|case| text(case, "s").map(str::to_owned)).collect::<Result<Vec<_>>>()?;
    for hostile in own.into_iter().chain(hostile) {
        let (mut notification, to) = mail_of(&receivers, now)?;
        let brief = &mut notification.brief;
        brief.grade = minsheng::assess::Grade::Red;
        for field in [
            &mut brief.matter,
            &mut brief.title,
            &mut brief.category_name,
            &mut brief.rule,
            &mut notification.receiver,
        ] {
            field.clone_from(&hostile);
        }
        brief.place = Some(hostile.clone());
        brief.why = vec![hostile.clone()];
        notification.reason = minsheng::notify::Reason::Opened;
        let (attempt, answer) =
            mailer.send(&Batch::one(notification.clone()), &to, &Wording::default(), now).await;
        ensure!(attempt == Attempt::Sent, "{hostile:?}: {answer}");
        let mail = seen.lock().await.pop().context("the relay saw a mail")?;
        ensure!(mail.recipients == ["RCPT TO:<duty@example.com>"], "{hostile:?}: {:?}", mail.recipients);
        let head = mail.data.split("\n\n").next().unwrap_or_default();
        let mut names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        names.sort_unstable();
        let expected = [
            "Auto-Submitted",
            "Content-Type",
            "Date",
            "From",
            "Importance",
            "MIME-Version",
            "Message-ID",
            "Reply-To",
            "Subject",
            "To",
            "X-Auto-Response-Suppress",
        ];
        ensure!(names == expected, "{hostile:?}: {names:?}");
        ensure!(head.is_ascii(), "{head}");
    }
    drop(relay);
    Ok(())
}

/// Hostile text as an address is refused when it is read.
#[test]
fn hostile_addresses_are_refused() -> Result<()> {
    for case in cases("hostile-inputs/mail.jsonl")? {
        let hostile = text(&case, "s")?;
        ensure!(MailAddress::parse(hostile).is_err(), "{hostile:?}");
    }
    Ok(())
}

/// The relay's answer decides: retry, or the mailbox is wrong, or the message is.
#[tokio::test]
async fn the_relays_answer_decides_what_becomes_of_a_mail() -> Result<()> {
    let now: Timestamp = "2026-11-22T00:47:00Z".parse()?;
    for (reply, expected) in [
        ("250 ok", Attempt::Sent),
        ("451 later", Attempt::Failed { after: None }),
        ("550 no such mailbox", Attempt::Broken),
        ("552 too large", Attempt::Rejected),
    ] {
        let (port, _, relay) = relay(reply).await?;
        let receivers = receivers(port)?;
        let (notification, to) = mail_of(&receivers, now)?;
        let (attempt, answer) = mailer(port, &receivers)?
            .send(&Batch::one(notification.clone()), &to, &Wording::default(), now)
            .await;
        ensure!(attempt == expected, "{reply}: {attempt:?} {answer}");
        ensure!(answer.contains(&reply[4..]) || expected == Attempt::Sent, "{reply}: {answer}");
        drop(relay);
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let receivers = receivers(nobody)?;
    let (notification, to) = mail_of(&receivers, now)?;
    let (attempt, answer) = mailer(nobody, &receivers)?
        .send(&Batch::one(notification.clone()), &to, &Wording::default(), now)
        .await;
    ensure!(attempt == Attempt::Failed { after: None }, "nobody listens: {attempt:?} {answer}");
    Ok(())
}
