//! Which files of receivers are taken, and what is said of those that are not.

use super::*;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn read(text: &str) -> Result<Receivers, Vec<Fault>> {
    Receivers::from_toml(text, &|place| match place {
        SecretPlace::Environment(name) if name == "HOOK" => Ok(Secret::new(SECRET)),
        SecretPlace::Environment(name) if name == "BEAT" => Ok(Secret::new("https://canary.example/7731")),
        SecretPlace::Environment(name) if name == "WECOM" => Ok(Secret::new("https://qyapi.weixin.qq.com/x")),
        SecretPlace::Environment(name) if name == "DINGTALK" => {
            Ok(Secret::new("https://oapi.dingtalk.com/x"))
        }
        SecretPlace::Environment(name) if name == "FEISHU" => Ok(Secret::new("https://open.feishu.cn/x")),
        SecretPlace::Environment(name) if name == "SLACK" => Ok(Secret::new("https://hooks.slack.com/x")),
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
            let secrets = [
                ("SMTP_PASSWORD", "PASSWORD"),
                ("HOOK_SECRET", "HOOK"),
                ("HEARTBEAT_URL", "BEAT"),
                ("DINGTALK_SECRET", "PASSWORD"),
                ("FEISHU_SECRET", "PASSWORD"),
                ("PAGERDUTY_KEY", "PASSWORD"),
                ("WECOM_URL", "WECOM"),
                ("DINGTALK_URL", "DINGTALK"),
                ("FEISHU_URL", "FEISHU"),
                ("SLACK_URL", "SLACK"),
            ];
            let named =
                |line: String, (name, ours): (&str, &str)| line.replace(&format!("MINSHENG_{name}"), ours);
            secrets.into_iter().fold(line.to_owned(), named) + "\n"
        })
        .collect();
    let receivers = read(&examples).unwrap();
    assert_eq!(receivers.iter().count(), 9);
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
    line 27: unknown word `fax`; use one of: email, webhook, wecom, dingtalk, feishu, slack, alertmanager, pagerduty
    line 29: receiver "e": environment variable MINSHENG_SURELY_NOT_SET is not set
    line 36: receiver "f": "x@example.com\\nBcc: y@example.com": a mailbox is written user@host or NAME <user@host>, in one line, without quotes or comments
    "#);
    insta::assert_snapshot!(faults("[[receiver]]\nname = 'a'\nkind = 'email'\n[receiver.email]\nto = ['x@example.com']\n"), @r#"
    line 1: receiver "a" is a mailbox, and there is no [smtp] table; add [smtp] with host and from
    "#);
}

#[test]
fn every_kind_of_service_is_read_and_its_secrets_are_not_printed() {
    let receivers = read(
        "[[receiver]]\nname = 'a'\nkind = 'wecom'\n[receiver.wecom]\nurl = 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary'\nmention = ['13800000000', 'all']\nmention_from = 'orange'\n\
         [[receiver]]\nname = 'b'\nkind = 'dingtalk'\n[receiver.dingtalk]\nurl = 'https://oapi.dingtalk.com/robot/send?access_token=canary'\nsecret_env = 'PASSWORD'\n\
         [[receiver]]\nname = 'c'\nkind = 'feishu'\n[receiver.feishu]\nurl = 'http://127.0.0.1:9/canary'\nallow_host = '127.0.0.1'\nmention = ['ou_1']\n\
         [[receiver]]\nname = 'd'\nkind = 'slack'\n[receiver.slack]\nurl_env = 'BEAT'\nallow_host = 'canary.example'\n\
         [[receiver]]\nname = 'e'\nkind = 'alertmanager'\n[receiver.alertmanager]\nurl = 'http://10.1.2.3:9093/canary'\ntoken_env = 'PASSWORD'\n\
         [[receiver]]\nname = 'f'\nkind = 'pagerduty'\n[receiver.pagerduty]\nkey_env = 'PASSWORD'\n",
    )
    .unwrap();
    let kinds: Vec<&str> = receivers.iter().map(|receiver| receiver.channel.kind()).collect();
    assert_eq!(kinds, ["wecom", "dingtalk", "feishu", "slack", "alertmanager", "pagerduty"]);
    let printed = format!("{receivers:?}");
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn what_is_wrong_with_a_service_is_named() {
    insta::assert_snapshot!(faults(
        "[[receiver]]\nname = 'a'\nkind = 'wecom'\n[receiver.wecom]\nurl = 'https://weixin.example/?key=canary'\n\
         [[receiver]]\nname = 'b'\nkind = 'dingtalk'\n[receiver.dingtalk]\nurl = 'https://oapi.dingtalk.com/robot/send'\n\
         [[receiver]]\nname = 'c'\nkind = 'feishu'\n[receiver.feishu]\nurl = 'https://open.feishu.cn/x'\nmention = ['13800000000']\n\
         [[receiver]]\nname = 'd'\nkind = 'slack'\n[receiver.slack]\nurl = 'https://hooks.slack.com/x'\nsecret_env = 'PASSWORD'\n\
         [[receiver]]\nname = 'e'\nkind = 'alertmanager'\n[receiver.slack]\nurl = 'https://hooks.slack.com/x'\n\
         [[receiver]]\nname = 'f'\nkind = 'pagerduty'\n[receiver.pagerduty]\n\
         [[receiver]]\nname = 'g'\nkind = 'wecom'\n[receiver.wecom]\nmention = ['all']\n\
         [[receiver]]\nname = 'h'\nkind = 'dingtalk'\n[receiver.dingtalk]\nurl = 'https://oapi.dingtalk.com/robot/send'\nkeyword = '民 声'\n"
    ), @r#"
    line 1: receiver "a": url leads to weixin.example, not to qyapi.weixin.qq.com; if that is right, set allow_host = "weixin.example"
    line 6: receiver "b": a robot of DingTalk wants a secret (secret_env, secret_file) or a keyword
    line 11: receiver "c": mention "13800000000": it names open ids (ou_…), or "all"
    line 17: receiver "d": secret… is no key of [receiver.slack]
    line 23: receiver "e": kind "alertmanager" wants a table [receiver.alertmanager] and no other
    line 28: receiver "f": one of key_env, key_file is wanted: the integration's key
    line 32: receiver "g": one of url, url_env, url_file is wanted
    line 37: receiver "h": keyword is 1 to 20 letters or digits
    "#);
}

#[test]
fn a_second_channel_exists_and_does_not_lead_back() {
    let hook = |name: &str, fallback: &str| {
        format!(
            "[[receiver]]\nname = '{name}'\nkind = 'slack'\n{fallback}\n[receiver.slack]\nurl = 'https://hooks.slack.com/x'\n"
        )
    };
    let text = |a: &str, b: &str| hook("a", a) + &hook("b", b);
    assert_eq!(read(&text("fallback = 'b'", "")).unwrap().get("a").unwrap().fallback.as_deref(), Some("b"));
    for (a, b, named) in [
        ("fallback = 'c'", "", "line 1: receiver \"a\": fallback \"c\" is no receiver of this file"),
        ("fallback = 'a'", "", "line 1: receiver \"a\": its fallback leads back to itself"),
        ("", "fallback = 'a'\nmin_grad = 'red'", "did you mean `min_grade`?"),
        ("fallback = 'b'", "fallback = 'a'", "line 7: receiver \"b\": its fallback leads back to itself"),
    ] {
        let told = faults(&text(a, b));
        assert!(told.contains(named), "{told}");
    }
}
