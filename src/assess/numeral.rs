//! Reads numbers out of Chinese text: Arabic and Chinese numerals, with the vague ones at their lowest.
//!
//! `几` is 3, `十几` 10, `数十` 20, `六七十` 60, `三十多` 30, `近百` 100 less a tenth. What is counted, and
//! whether it matters, is [`quantity`](super::quantity)'s affair.
//!
//! Always holds: numbers come in order, do not overlap, and are finite and not negative.

/// The greatest number that counts anything.
const MOST: f64 = 1e12;

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    /// Its lowest reading.
    pub(crate) value: f64,
    /// First character.
    pub(crate) start: u32,
    /// One past the last character, 多 and 余 included.
    pub(crate) end: u32,
}

/// The numbers of a normalised text.
pub(crate) fn numbers(chars: &[char]) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !may_begin(chars[at]) {
            at += 1;
            continue;
        }
        match read(&chars[at..]) {
            Some((value, len)) => {
                found.push(Number { value, start: at as u32, end: (at + len) as u32 });
                at += len;
            }
            // The rest of a run too long to be a count is no count either.
            None if chars[at].is_ascii_digit() => {
                at += chars[at..].iter().take_while(|c| c.is_ascii_digit()).count();
            }
            None => at += 1,
        }
    }
    found
}

/// Most characters begin no number; asked first, since this is asked of every character of every post.
fn may_begin(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, '近' | '上' | '超' | '约' | '好' | '几' | '数')
        || digit_of(c).is_some()
        || unit_of(c).is_some()
}

/// Reads the number that begins here: its lowest reading and its length.
fn read(chars: &[char]) -> Option<(f64, usize)> {
    let near = matches!(chars.first(), Some('近'));
    let lead = usize::from(near || matches!(chars.first(), Some('上' | '超' | '约' | '好')));
    let (value, mut len) = arabic(&chars[lead..]).or_else(|| chinese(&chars[lead..]))?;
    // 上 and 好 are words of their own before most numbers: 上一次, 好一点.
    if lead == 1 && matches!(chars[0], '上' | '好') && !matches!(chars[1], '百' | '千' | '万' | '几') {
        return None;
    }
    len += lead;
    // 四十来个 is about forty; 来 after other numbers is a verb (两人来查).
    let about = chars.get(len) == Some(&'来') && unit_of(chars[len - 1]).is_some();
    len += usize::from(about || matches!(chars.get(len), Some('多' | '余')));
    Some((if near { value * 0.9 } else { value }, len))
}

fn arabic(chars: &[char]) -> Option<(f64, usize)> {
    let mut digits = String::new();
    let mut len = 0;
    while let Some(&c) = chars.get(len) {
        let followed = chars.get(len + 1).is_some_and(char::is_ascii_digit);
        match c {
            '0'..='9' => digits.push(c),
            '.' if followed && !digits.contains('.') && !digits.is_empty() => digits.push(c),
            ',' if followed && !digits.is_empty() => {}
            _ => break,
        }
        len += 1;
    }
    // Longer runs are numbers of telephones and documents, not counts.
    if digits.is_empty() || digits.len() > 10 {
        return None;
    }
    let mut value: f64 = digits.parse().ok()?;
    len += usize::from(matches!(chars.get(len), Some('多' | '余' | '几')));
    while let Some(unit) = chars.get(len).copied().and_then(unit_of) {
        if unit < 100.0 {
            break;
        }
        value *= unit;
        len += 1;
        // Nothing at all is counted in more; and a row of units would lead beyond every number.
        if value > MOST {
            return None;
        }
    }
    Some((value, len))
}

fn chinese(chars: &[char]) -> Option<(f64, usize)> {
    let (mut total, mut section, mut pending) = (0.0, 0.0, None::<f64>);
    // What a digit at the end counts: 两千六 is 2600, 两千零六 is 2006.
    let mut tail = 1.0;
    let mut len = 0;
    let mut units = 0;
    while let Some(&c) = chars.get(len) {
        if let Some(digit) = digit_of(c) {
            match pending {
                // 六七十, 两三个: neighbours in a row are a range, and the lower one counts.
                Some(low) if low > 0.0 && (digit - low - 1.0).abs() < f64::EPSILON => {}
                Some(low) if low > 0.0 => break,
                _ => {
                    if digit == 0.0 {
                        tail = 1.0;
                    }
                    pending = Some(digit);
                }
            }
        } else if matches!(c, '几' | '数') {
            // 数 alone is a verb or a noun; before a unit it is a number.
            if c == '数' && chars.get(len + 1).copied().is_none_or(|c| unit_of(c).is_none()) {
                break;
            }
            if pending.is_some() {
                break;
            }
            // 十几: the unit stands already and the rest is unknown. 数十 is 20, 几 alone 3.
            let before_unit = chars.get(len + 1).copied().is_some_and(|c| unit_of(c).is_some());
            pending = Some(match (units > 0, before_unit) {
                (true, _) => 0.0,
                (false, true) => 2.0,
                (false, false) => 3.0,
            });
        } else if let Some(unit) = unit_of(c) {
            if unit >= 10_000.0 {
                let before = section + pending.unwrap_or(0.0);
                total += if before > 0.0 { before } else { 1.0 } * unit;
                section = 0.0;
            } else {
                section += pending.unwrap_or(1.0) * unit;
            }
            pending = None;
            tail = if unit >= 100.0 { unit / 10.0 } else { 1.0 };
            units += 1;
        } else {
            break;
        }
        len += 1;
    }
    (len > 0).then(|| (total + section + pending.unwrap_or(0.0) * tail, len))
}

fn digit_of(c: char) -> Option<f64> {
    Some(match c {
        '零' | '〇' => 0.0,
        '一' | '壹' => 1.0,
        '二' | '两' | '俩' | '贰' => 2.0,
        '三' | '仨' | '叁' => 3.0,
        '四' | '肆' => 4.0,
        '五' | '伍' => 5.0,
        '六' | '陆' => 6.0,
        '七' | '柒' => 7.0,
        '八' | '捌' => 8.0,
        '九' | '玖' => 9.0,
        _ => return None,
    })
}

fn unit_of(c: char) -> Option<f64> {
    Some(match c {
        '十' | '拾' => 10.0,
        '百' | '佰' => 100.0,
        '千' | '仟' => 1_000.0,
        '万' => 10_000.0,
        '亿' => 100_000_000.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::normalize::normalized_text;

    #[test]
    fn numbers_are_read_at_their_lowest() {
        for (text, expected) in [
            ("七个孩子", "7"),
            ("32名工人", "32"),
            ("1,200户", "1200"),
            ("3.5万元", "35000"),
            ("两千六的采暖费", "2600"),
            ("两千零六", "2006"),
            ("十几个", "10"),
            ("四十来号人", "40"),
            ("几十个人", "20"),
            ("数十人", "20"),
            ("好几个", "3"),
            ("六七十个人", "60"),
            ("两三天", "2"),
            ("三十多户", "30"),
            ("二百余人", "200"),
            ("上百人", "100"),
            ("近百人", "90"),
            ("一百二十三人", "123"),
            ("一万两千户", "12000"),
            ("３０多个", "30"),
            ("上一次", "1"),
            ("数一数", "1"),
            ("电话13800005271", ""),
        ] {
            let chars: Vec<char> = normalized_text(text).chars().collect();
            let read: Vec<String> = numbers(&chars).iter().map(|n| format!("{}", n.value)).collect();
            assert_eq!(read.join(" "), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_ordered_finite_numbers(text in "[0-9一二两三十百千万亿几数多余近上好,.个人]{0,30}") {
            let chars: Vec<char> = text.chars().collect();
            let mut last = 0;
            for number in numbers(&chars) {
                prop_assert!(number.value.is_finite() && number.value >= 0.0);
                prop_assert!(number.start >= last && number.start < number.end);
                last = number.end;
            }
        }
    }
}
