//! The questions of threads that were followed otherwise than people do, for a terminal.

use super::table::{Ink, Tone};
use crate::assess::evaluation::ThreadMiss;

/// The misses, worst first; nothing if there are none.
pub(super) fn misses(misses: &[ThreadMiss], ink: Ink) -> String {
    if misses.is_empty() {
        return String::new();
    }
    let mut text = ink.paint(&format!("跟帖中偏差最大的 {} 条\n", misses.len()), Tone::Bold);
    for miss in misses {
        let change = ink.paint(&format!("{} {} → {}", miss.what, miss.wanted, miss.given), Tone::Bold);
        let id = ink.paint(&miss.id, Tone::Dim);
        for part in [&change, "  ", &id, "\n  ", &miss.text, "\n"] {
            text.push_str(part);
        }
        if !miss.reply.is_empty() {
            text.push_str(&ink.paint(&format!("  官方：{}\n", miss.reply), Tone::Dim));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_shows_the_remark_and_the_reply_that_was_taken() {
        let miss = ThreadMiss {
            id: "x-2".into(),
            what: "状态",
            wanted: "未答".into(),
            given: "已答".into(),
            text: "几点开门".into(),
            reply: "免费开放。".into(),
        };
        insta::assert_snapshot!(misses(&[miss], Ink::Plain), @r"
        跟帖中偏差最大的 1 条
        状态 未答 → 已答  x-2
          几点开门
          官方：免费开放。
        ");
        assert_eq!(misses(&[], Ink::Plain), "");
    }
}
