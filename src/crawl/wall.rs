//! Recognises pages that keep the public out: log-in, captcha, "are you a robot".
//!
//! Only to stop there: the source is shown as blocked and asked again after a day (promise V1). The signs
//! are few and plain, since a news page that speaks of log-ins must not be taken for one.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// The status says so (401, 403, 407, 451).
    Status(u16),
    /// A log-in page in place of the document.
    LogIn,
    /// A riddle or check for robots.
    Captcha,
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::LogIn => f.write_str("a log-in page"),
            Self::Captcha => f.write_str("a check for robots"),
        }
    }
}

const LOG_IN_PATHS: [&str; 8] =
    ["login", "signin", "sign_in", "wp-login.php", "login.php", "login.html", "login.aspx", "passport"];
const CAPTCHA_PATHS: [&str; 5] = ["captcha", "verify_code", "antispider", "human-check", "waf_check"];
/// Whole titles of such pages, in small letters.
const LOG_IN_TITLES: [&str; 6] = ["登录", "用户登录", "请登录", "请先登录", "log in", "sign in"];
const CAPTCHA_TITLES: [&str; 8] = [
    "安全验证",
    "人机验证",
    "滑动验证",
    "访问验证",
    "验证码",
    "just a moment...",
    "attention required! | cloudflare",
    "are you a robot?",
];
/// Pages of this kind are small, and their title stands at the beginning.
const TITLE_WITHIN: usize = 16 * 1024;

/// Whether a redirect from `asked` to `next` leads to a wall. A source that was asked for at such an
/// address itself is taken at its word.
pub(super) fn behind(asked: &Url, next: &Url) -> Option<Wall> {
    let has = |url: &Url, words: &[&str]| {
        let named = |part: &str| words.contains(&part.to_ascii_lowercase().as_str());
        url.path_segments().is_some_and(|mut parts| parts.any(named))
            || url.host_str().and_then(|host| host.split('.').next()).is_some_and(named)
    };
    if has(next, &LOG_IN_PATHS) && !has(asked, &LOG_IN_PATHS) {
        Some(Wall::LogIn)
    } else if has(next, &CAPTCHA_PATHS) && !has(asked, &CAPTCHA_PATHS) {
        Some(Wall::Captcha)
    } else {
        None
    }
}

/// Whether a page given with success is a wall.
pub(super) fn within(headers: &BTreeMap<String, String>, body: &[u8]) -> Option<Wall> {
    if headers.get("cf-mitigated").is_some_and(|value| value == "challenge") {
        return Some(Wall::Captcha);
    }
    let html = headers.get("content-type").is_none_or(|kind| kind.to_ascii_lowercase().contains("html"));
    if !html {
        return None;
    }
    let beginning = &body[..body.len().min(TITLE_WITHIN)];
    // Titles of walls in other charsets than UTF-8 are not recognised.
    let beginning = String::from_utf8_lossy(beginning).to_lowercase();
    let title = beginning.split_once("<title").and_then(|(_, rest)| rest.split_once('>'))?.1;
    let title = title.split("</title").next().unwrap_or(title).trim();
    if CAPTCHA_TITLES.contains(&title) {
        return Some(Wall::Captcha);
    }
    let asks_password = || {
        let page = String::from_utf8_lossy(body).to_lowercase();
        page.contains("type=\"password\"")
            || page.contains("type='password'")
            || page.contains("type=password")
    };
    let titled = title.split(['-', '_', '|', '–', '—']).next().unwrap_or(title).trim();
    (LOG_IN_TITLES.contains(&titled) && asks_password()).then_some(Wall::LogIn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_are_told_from_pages_that_speak_of_them() {
        let form = "<input type=\"password\">";
        for (page, wall) in [
            (format!("<html><title>用户登录 - 禾川论坛</title>{form}"), Some(Wall::LogIn)),
            (format!("<title>登录医保网站总是失败怎么办</title>{form}"), None),
            ("<title>登录</title><p>怎么登录?</p>".to_owned(), None),
            ("<TITLE>安全验证</TITLE>".to_owned(), Some(Wall::Captcha)),
            ("<title lang=en>Just a moment...</title>".to_owned(), Some(Wall::Captcha)),
            ("<title>小区门禁安全验证系统坏了</title>".to_owned(), None),
            ("安全验证".to_owned(), None),
        ] {
            assert_eq!(within(&BTreeMap::new(), page.as_bytes()), wall, "{page}");
        }
        let json = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        assert_eq!(within(&json, "<title>安全验证</title>".as_bytes()), None);
    }

    #[test]
    fn redirects_to_a_log_in_are_seen() {
        for (asked, next, wall) in [
            ("http://a.example/t/1", "http://a.example/login?next=/t/1", Some(Wall::LogIn)),
            ("http://a.example/t/1", "https://passport.a.example/?u=1", Some(Wall::LogIn)),
            ("http://a.example/t/1", "http://a.example/captcha/x", Some(Wall::Captcha)),
            ("http://a.example/login", "https://a.example/login", None),
            ("http://a.example/t/1", "http://a.example/t/login-fails", None),
        ] {
            assert_eq!(behind(&Url::parse(asked).unwrap(), &Url::parse(next).unwrap()), wall, "{next}");
        }
    }
}
