//! Which files of receivers are taken, and what is said of those that are not.

use super::*;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn read(text: &str) -> Result<Receivers, Vec<Fault>> {
    Receivers::from_toml(text, &|place| match place {
        SecretPlace::Environment(name) if name == "HOOK" => Ok(Secret::new(SECRET)),
        SecretPlace::Environment(name) if name == "BEAT" => Ok(Secret::new("https://canary.example/7731")),
        SecretPlace::Environment(name) if name == "PASSWORD" => Ok(Secret::new("canary-7731")),
        other => other.read(),
    })
}

fn faults(text: &str) -> String {
    read(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_starter_file_is_legal_as_it_is_and_with_its_examples_in_force() {
    let starter = include_str!("../../config/receivers.toml");
    assert_eq!(read(starter), Ok(Receivers::default()));
    let examples: String = starter
        .lines()
        .map(|line| line.strip_prefix("#| ").unwrap_or(line))
        .map(|line| {
            let secrets = [("SMTP_PASSWORD", "PASSWORD"), ("HOOK_SECRET", "HOOK"), ("HEARTBEAT_URL", "BEAT")];
            let named =
                |line: String, (name, ours): (&str, &str)| line.replace(&format!("MINSHENG_{name}"), ours);
            secrets.into_iter().fold(line.to_owned(), named) + "\n"
        })
        .collect();
    let receivers = read(&examples).unwrap();
    assert_eq!(receivers.iter().count(), 3);
    assert!(receivers.smtp.is_some() && receivers.heartbeat.is_some());
    assert_eq!(receivers.get("duty-mail").unwrap().mailboxes().len(), 2);
    let printed = format!("{receivers:?}");
    assert!(!printed.contains("canary-7731") && !printed.contains("https://"), "{printed}");
}

#[test]
fn all_faults_are_named_at_once() {
    insta::assert_snapshot!(faults(
        "[smtp]\nhost = '8.8.8.8'\ntls = 'none'\nfrom = 'a@b.example'\n\n\
         [[receiver]]\nname = 'a'\nkind = 'email'\n[receiver.email]\nto = ['x@example.com', 'x@example.com']\n\n\
         [[receiver]]\nname = 'b'\nkind = 'webhook'\nmin_grad = 'red'\n[receiver.webhook]\nurl = 'ftp://x/'\n\n\
         [[receiver]]\nname = 'c'\nkind = 'webhook'\n[receiver.webhook]\nurl = 'https://x.example/'\n\n\
         [[receiver]]\nname = 'd'\nkind = 'fax'\n\n\
         [[receiver]]\nname = 'e'\nkind = 'webhook'\n[receiver.webhook]\nurl = 'https://x.example/'\nsecret_env = 'MINSHENG_SURELY_NOT_SET'\n\n\
         [[receiver]]\nname = 'f'\nkind = 'email'\n[receiver.email]\nto = ['x@example.com\\nBcc: y@example.com']\n"
    ), @r#"
    line 1: smtp: tls = "none" is only for hosts of the own network
    line 6: receiver "a": x@example.com stands twice in to
    line 12: receiver "b": url is no http or https address
    line 15: unknown key `min_grad`; did you mean `min_grade`?
    line 19: receiver "c": one of secret_env, secret_file is wanted: every webhook is signed
    line 27: unknown word `fax`; use one of: email, webhook
    line 29: receiver "e": environment variable MINSHENG_SURELY_NOT_SET is not set
    line 36: receiver "f": "x@example.com\\nBcc: y@example.com": a mailbox is written user@host or NAME <user@host>, in one line, without quotes or comments
    "#);
    insta::assert_snapshot!(faults("[[receiver]]\nname = 'a'\nkind = 'email'\n[receiver.email]\nto = ['x@example.com']\n"), @r#"
    line 1: receiver "a" is a mailbox, and there is no [smtp] table; add [smtp] with host and from
    "#);
}
