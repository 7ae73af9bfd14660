//! Messages that fit: limits of chat services are bytes of UTF-8, and one Chinese character takes three.

/// The longest beginning of `text` of at most `bytes` bytes, ending with `…` if something was left out.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// A message of `head`, as many of the `middle` lines as fit, and `foot`, in at most `bytes` bytes. Where lines are left
/// out, `left_out` says so in their place, given how many they are. Head and foot are to fit by themselves.
pub(super) fn fit(
    head: &[String],
    middle: &[String],
    foot: &[String],
    bytes: usize,
    line_end: &str,
    left_out: impl Fn(usize) -> String,
) -> String {
    let length = |lines: &[String]| lines.iter().map(|line| line.len() + line_end.len()).sum::<usize>();
    let fixed = length(head) + length(foot);
    let mut kept = middle.len();
    let mut note = None;
    while kept > 0 || note.is_none() {
        let said = note.as_ref().map_or(0, |note: &String| note.len() + line_end.len());
        if fixed + length(&middle[..kept]) + said <= bytes {
            break;
        }
        if kept == 0 {
            break;
        }
        kept -= 1;
        note = Some(left_out(middle.len() - kept));
    }
    let lines = head.iter().chain(&middle[..kept]).chain(&note).chain(foot);
    lines.map(String::as_str).collect::<Vec<_>>().join(line_end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(of: &[&str]) -> Vec<String> {
        of.iter().map(|&line| line.to_owned()).collect()
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let (head, middle, foot) = (lines(&["头"]), lines(&["第一行", "第二行", "第三行"]), lines(&["尾"]));
        let said = |bytes| fit(&head, &middle, &foot, bytes, "\n", |left| format!("…{left}"));
        assert_eq!(said(200), "头\n第一行\n第二行\n第三行\n尾");
        assert_eq!(said(34), "头\n第一行\n第二行\n…1\n尾");
        assert_eq!(said(26), "头\n第一行\n…2\n尾");
        assert_eq!(said(0), "头\n…3\n尾", "head and foot always stand");
    }

    proptest! {
        #[test]
        fn a_cut_text_is_a_beginning_and_fits(text in "\\PC{0,60}", bytes in 3_usize..120) {
            let cut = cut(&text, bytes);
            prop_assert!(cut.len() <= bytes.max(text.len().min(bytes)));
            prop_assert!(cut == text || text.starts_with(cut.strip_suffix('…').unwrap()));
        }

        #[test]
        fn a_message_keeps_head_and_foot_and_fits_if_it_can(
            middle in proptest::collection::vec("\\PC{0,30}", 0..12),
            bytes in 40_usize..600,
        ) {
            let (head, foot) = (lines(&["头头头"]), lines(&["尾尾"]));
            let said = fit(&head, &middle, &foot, bytes, "\n\n", |left| format!("…（另有{left}行）"));
            prop_assert!(said.len() <= bytes, "{} > {bytes}", said.len());
            prop_assert!(said.starts_with("头头头") && said.ends_with("尾尾"));
        }
    }
}
