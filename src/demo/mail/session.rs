//! One SMTP session (RFC 5321), from greeting to farewell.
//!
//! Always holds: a mail answered with 250 is in the inbox; only `<CRLF>.<CRLF>` ends a mail, so that nothing can
//! be smuggled behind a bare line feed; no line, mail, list of recipients or silence is without end.

use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio_util::sync::CancellationToken;

use super::super::Now;
use super::super::inbox::Inbox;

/// Largest mail, in bytes; told to the sender as `SIZE`.
pub(super) const MAIL_LIMIT: usize = 1024 * 1024;
/// Longest command line, in bytes: 512 of RFC 5321 and room for the parameters of extensions.
const LINE_LIMIT: usize = 1024;
/// Longest line and largest mail that are still heard to their end, to be refused politely, in bytes.
const PATIENT_LINE: usize = 64 * 1024;
const PATIENT_MAIL: usize = 8 * MAIL_LIMIT;
/// Most recipients of a mail.
pub(super) const RECIPIENTS: usize = 100;
/// Commands in a row that cannot be followed before the session is ended.
const PATIENCE: u32 = 10;
/// Longest silence within a session.
const SILENCE: Duration = Duration::from_mins(5);

/// What a piece of input is.
enum Line {
    Whole(String),
    TooLong,
    /// The other side hung up, fell silent, or we are to stop; with what is to be said about it.
    Ended(Option<&'static str>),
}

/// What the envelope holds so far.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

/// How a mail's text ended.
enum Text {
    Complete(Vec<u8>),
    TooLarge,
    Ended(Option<&'static str>),
}

struct Session<'a, S> {
    stream: BufReader<S>,
    inbox: &'a Inbox,
    now: &'a Now,
    stop: &'a CancellationToken,
    greeted: bool,
    envelope: Envelope,
}

/// Holds one session to its end.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    inbox: &Inbox,
    now: &Now,
    stop: &CancellationToken,
) -> std::io::Result<()> {
    let stream = BufReader::new(stream);
    let mut session = Session { stream, inbox, now, stop, greeted: false, envelope: Envelope::default() };
    session.say("220 minsheng demo mail sink").await?;
    let mut failures = 0;
    loop {
        let line = match session.line().await? {
            Line::Whole(line) => line,
            Line::TooLong => {
                session.say("500 line too long").await?;
                failures += 1;
                if failures < PATIENCE {
                    continue;
                }
                return session.say("421 too many errors").await;
            }
            Line::Ended(None) => return Ok(()),
            Line::Ended(Some(word)) => return session.say(word).await,
        };
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "QUIT" => return session.say("221 goodbye").await,
            "DATA" if argument.is_empty() && !session.envelope.to.is_empty() => {
                session.say("354 end with <CRLF>.<CRLF>").await?;
                match session.text().await? {
                    Text::Complete(mail) => session.keep(&mail),
                    Text::TooLarge => {
                        session.envelope = Envelope::default();
                        "552 mail is larger than SIZE"
                    }
                    Text::Ended(None) => return Ok(()),
                    Text::Ended(Some(word)) => return session.say(word).await,
                }
            }
            verb => session.follow(verb, argument.trim()),
        };
        session.say(answer).await?;
        failures = if answer.starts_with('5') { failures + 1 } else { 0 };
        if failures >= PATIENCE {
            return session.say("421 too many errors").await;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Does what a command other than a complete DATA or QUIT asks, and gives the answer.
    fn follow(&mut self, verb: &str, argument: &str) -> &'static str {
        match verb {
            "EHLO" | "HELO" if argument.is_empty() => "501 say who you are",
            "EHLO" | "HELO" => {
                (self.greeted, self.envelope) = (true, Envelope::default());
                if verb == "EHLO" {
                    "250-minsheng\r\n250-SIZE 1048576\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING"
                } else {
                    "250 minsheng"
                }
            }
            "MAIL" if !self.greeted || self.envelope.from.is_some() => "503 not now",
            "MAIL" => match path(argument, "FROM:") {
                Some((_, parameters)) if too_large(parameters) => "552 mail is larger than SIZE",
                Some((from, _)) => {
                    self.envelope.from = Some(from.to_owned());
                    "250 go on"
                }
                None => "501 MAIL FROM:<address>",
            },
            "RCPT" if self.envelope.from.is_none() => "503 not now",
            "RCPT" if self.envelope.to.len() == RECIPIENTS => "452 too many recipients",
            "RCPT" => match path(argument, "TO:") {
                Some((to, _)) if !to.is_empty() => {
                    self.envelope.to.push(to.to_owned());
                    "250 go on"
                }
                _ => "501 RCPT TO:<address>",
            },
            "DATA" if argument.is_empty() => "503 not now",
            "DATA" => "501 DATA stands alone",
            "RSET" => {
                self.envelope = Envelope::default();
                "250 forgotten"
            }
            "NOOP" => "250 still here",
            "VRFY" => "252 send it and see",
            "AUTH" | "STARTTLS" | "EXPN" | "HELP" => "502 not here",
            _ => "500 what?",
        }
    }

    fn keep(&mut self, mail: &[u8]) -> &'static str {
        let envelope = std::mem::take(&mut self.envelope);
        self.inbox.add(super::message(envelope.to, mail, (self.now)()));
        "250 taken"
    }

    async fn say(&mut self, words: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{words}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    /// One command line, without its end.
    async fn line(&mut self) -> std::io::Result<Line> {
        let mut line = Vec::new();
        let mut heard = 0;
        loop {
            line.clear();
            if let Some(end) = self.piece(&mut line, LINE_LIMIT).await? {
                return Ok(Line::Ended(end));
            }
            heard += line.len();
            if line.ends_with(b"\n") {
                break;
            }
            if heard > PATIENT_LINE {
                return Ok(Line::Ended(Some("421 line without end")));
            }
        }
        if heard > line.len() {
            return Ok(Line::TooLong);
        }
        let line = String::from_utf8_lossy(&line);
        Ok(Line::Whole(line.trim_end_matches(['\r', '\n']).trim_end().to_owned()))
    }

    /// The text of a mail, dots unstuffed. One that is too large is read to its end and dropped.
    async fn text(&mut self) -> std::io::Result<Text> {
        let mut mail = Vec::new();
        let mut piece = Vec::new();
        let (mut begins, mut heard) = (true, 0);
        loop {
            piece.clear();
            if let Some(end) = self.piece(&mut piece, MAIL_LIMIT).await? {
                return Ok(Text::Ended(end));
            }
            if begins && piece == b".\r\n" {
                return Ok(if heard > MAIL_LIMIT { Text::TooLarge } else { Text::Complete(mail) });
            }
            let stuffed = usize::from(begins && piece.starts_with(b"."));
            begins = piece.ends_with(b"\r\n") || (piece == b"\n" && mail.ends_with(b"\r"));
            heard += piece.len() - stuffed;
            if heard > PATIENT_MAIL {
                return Ok(Text::Ended(Some("421 mail without end")));
            }
            if heard > MAIL_LIMIT {
                mail.clear();
                // Enough to know whether the next piece begins a line.
                piece.drain(..piece.len() - 1);
                mail.append(&mut piece);
            } else {
                mail.extend_from_slice(&piece[stuffed..]);
            }
        }
    }

    /// Appends input up to and with a line feed, or `limit` bytes of it, or says why there is no more.
    async fn piece(
        &mut self,
        to: &mut Vec<u8>,
        limit: usize,
    ) -> std::io::Result<Option<Option<&'static str>>> {
        let mut capped = (&mut self.stream).take(limit as u64);
        let read = tokio::time::timeout(SILENCE, capped.read_until(b'\n', to));
        Ok(match self.stop.run_until_cancelled(read).await {
            None => Some(Some("421 closing")),
            Some(Err(_silent)) => Some(Some("421 nothing heard")),
            Some(Ok(Ok(0))) => Some(None),
            Some(Ok(Ok(_))) => None,
            Some(Ok(Err(error))) => return Err(error),
        })
    }
}

/// The address of `FROM:<a@b> SIZE=1` and what follows it.
fn path<'a>(argument: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let rest = argument.get(word.len()..).filter(|_| argument[..word.len()].eq_ignore_ascii_case(word))?;
    let (address, parameters) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && c != '<';
    (address.chars().all(legal) && (address.is_empty() || address.contains('@')))
        .then_some((address, parameters))
}

fn too_large(parameters: &str) -> bool {
    let sizes = parameters.split_whitespace().filter_map(|parameter| {
        let (name, size) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("SIZE").then(|| size.parse::<usize>().unwrap_or(usize::MAX))
    });
    sizes.into_iter().any(|size| size > MAIL_LIMIT)
}
