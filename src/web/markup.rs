//! Fetched text on pages: pieces of plain text with marks between them, and links that may be followed.
//! Nothing here makes HTML of text: the templates escape each piece.

use url::Url;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) marked: bool,
}

/// Cuts a text at its marks; `marks` are `[start, end)` in characters, in order, and may lie beyond the end.
pub(super) fn pieces(text: &str, marks: &[(u32, u32)]) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut push = |from: usize, to: usize, marked| {
        if from < to {
            pieces.push(Piece { text: chars[from..to].iter().collect(), marked });
        }
    };
    for (start, end) in marks {
        let (start, end) = ((*start as usize).clamp(at, chars.len()), (*end as usize).min(chars.len()));
        if end <= start {
            continue;
        }
        push(at, start, false);
        push(start, end, true);
        at = end;
    }
    push(at, chars.len(), false);
    pieces
}

/// About `most` characters of a text around its first mark, with the marks moved along.
pub(super) fn excerpt(text: &str, marks: &[(u32, u32)], most: usize) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most {
        return pieces(text, marks);
    }
    let first = marks.first().map_or(0, |(start, _)| *start as usize);
    let from = first.saturating_sub(most / 4).min(chars.len() - most);
    let cut: String = chars[from..from + most].iter().collect();
    let moved: Vec<(u32, u32)> = marks
        .iter()
        .filter(|(_, end)| *end as usize > from)
        .map(|(start, end)| (start.saturating_sub(from as u32), end - from as u32))
        .collect();
    let mut pieces = pieces(&cut, &moved);
    let dots = || Piece { text: "…".into(), marked: false };
    if from > 0 {
        pieces.insert(0, dots());
    }
    if from + most < chars.len() {
        pieces.push(dots());
    }
    pieces
}

/// The address, if a browser may follow it.
pub(super) fn link(url: Option<&Url>) -> Option<String> {
    url.filter(|url| matches!(url.scheme(), "http" | "https")).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_cut_and_never_change_the_text() {
        let shown = |text, marks: &[(u32, u32)]| {
            let piece = |piece: Piece| if piece.marked { format!("[{}]", piece.text) } else { piece.text };
            pieces(text, marks).into_iter().map(piece).collect::<String>()
        };
        assert_eq!(shown("锦华里停水两天", &[(3, 5)]), "锦华里[停水]两天");
        assert_eq!(shown("<b>停水", &[(0, 1), (3, 99)]), "[<]b>[停水]");
        assert_eq!(shown("停水", &[(9, 12)]), "停水");
    }

    #[test]
    fn only_web_addresses_become_links() {
        for (url, followed) in [
            ("https://a.example/", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(link(Some(&Url::parse(url).unwrap())).is_some(), followed, "{url}");
        }
    }

    proptest! {
        #[test]
        fn pieces_put_together_are_the_text(text in "\\PC{0,40}", mut marks in prop::collection::vec((0u32..50, 0u32..50), 0..6)) {
            marks.sort_unstable();
            let whole: String = pieces(&text, &marks).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
