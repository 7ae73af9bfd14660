//! How each service writes bold, quotes, colours and links, and how text of others is kept from being any of that.

use url::Url;

use super::Service;
use crate::assess::Grade;
use crate::notify::address::is_unsafe;

/// Text of others: on one line, and nothing in it is markup, a link or a call.
pub(super) fn plain(service: Service, text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_unsafe(c)) {
        match service {
            // Their markdown knows no escapes: the full-width sign looks the same and means nothing.
            Service::WeCom | Service::DingTalk => said.push(wide(c)),
            Service::Feishu => match c {
                '<' | '>' | '*' | '[' | ']' | '_' | '`' | '~' | '#' | '&' => {
                    said.push_str(&entity(c));
                }
                '@' => said.push('＠'),
                c => said.push(c),
            },
            Service::Slack => match c {
                '&' => said.push_str("&amp;"),
                '<' => said.push_str("&lt;"),
                '>' => said.push_str("&gt;"),
                '@' => said.push('＠'),
                '*' | '_' | '~' | '`' | '[' | ']' => said.push(wide(c)),
                c => said.push(c),
            },
        }
    }
    said
}

/// `&#60;`.
fn entity(c: char) -> String {
    format!("&#{};", u32::from(c))
}

fn wide(c: char) -> char {
    match c {
        '<' => '＜',
        '>' => '＞',
        '[' => '［',
        ']' => '］',
        '*' => '＊',
        '_' => '＿',
        '`' => '｀',
        '~' => '～',
        '#' => '＃',
        '@' => '＠',
        '!' => '！',
        c => c,
    }
}

/// Text of ours or already made plain, in bold.
pub(super) fn bold(service: Service, text: &str) -> String {
    match service {
        Service::Slack => format!("*{text}*"),
        Service::WeCom | Service::DingTalk | Service::Feishu => format!("**{text}**"),
    }
}

/// The same in the colour of a grade, where the service has colours for text.
pub(super) fn coloured(service: Service, grade: Grade, text: &str) -> String {
    match service {
        // There are three colours: green, grey and orange.
        Service::WeCom => {
            let colour = if grade >= Grade::Yellow { "warning" } else { "info" };
            format!("<font color=\"{colour}\">{text}</font>")
        }
        Service::DingTalk | Service::Feishu | Service::Slack => text.to_owned(),
    }
}

/// A line that is set off.
pub(super) fn quote(service: Service, text: &str) -> String {
    match service {
        Service::Feishu => text.to_owned(),
        Service::WeCom | Service::DingTalk | Service::Slack => format!("> {text}"),
    }
}

/// A link whose words are ours.
pub(super) fn link(service: Service, words: &str, url: &str) -> String {
    // Signs that would end a link in one of the dialects.
    let url: String = url
        .chars()
        .map(|c| match c {
            '(' => "%28".to_owned(),
            ')' => "%29".to_owned(),
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '|' => "%7C".to_owned(),
            '[' => "%5B".to_owned(),
            ']' => "%5D".to_owned(),
            c => c.to_string(),
        })
        .collect();
    match service {
        Service::Slack => format!("<{}|{words}>", url.replace('&', "&amp;")),
        Service::WeCom | Service::DingTalk | Service::Feishu => format!("[{words}]({url})"),
    }
}

/// A link of a post: its words are the host, so that nobody is led elsewhere than it says.
pub(super) fn link_of_post(service: Service, url: &str) -> Option<String> {
    let read = Url::parse(url).ok()?;
    let host = read.host_str().filter(|_| matches!(read.scheme(), "http" | "https"))?;
    Some(link(service, &plain(service, host), read.as_str()))
}

/// What ends a line.
pub(super) fn line_end(service: Service) -> &'static str {
    match service {
        // One line end alone is a blank there.
        Service::DingTalk => "\n\n",
        Service::WeCom | Service::Feishu | Service::Slack => "\n",
    }
}
