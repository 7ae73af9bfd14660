//! Recognises private numbers and addresses: where one begins and where it ends.
//!
//! Each function is asked at one letter and answers with one past the last letter, or nothing.
//! A number must stand alone: what goes on with more digits is another number.

use super::Letters;

/// Digits that belong together: the run of digits from one letter on, with single separators.
struct Digits {
    values: Vec<u8>,
    /// Length of each group between separators.
    groups: Vec<usize>,
    /// For each digit, one past its letter.
    ends: Vec<usize>,
}

impl Digits {
    /// Reads at most `most` digits and what shows whether more follow.
    fn read(letters: &Letters, at: usize, most: usize) -> Option<Self> {
        let inside_word = letters.before(at).is_some_and(|c| c.is_ascii_alphanumeric());
        let decimals =
            letters.before(at) == Some('.') && letters.back(at, 2).is_some_and(|c| c.is_ascii_digit());
        if !letters.get(at)?.is_ascii_digit() || inside_word || decimals {
            return None;
        }
        let mut read = Self { values: Vec::new(), groups: vec![0], ends: Vec::new() };
        let mut at = at;
        while read.values.len() <= most {
            match letters.get(at) {
                Some(c) if c.is_ascii_digit() => {
                    read.values.push(c as u8 - b'0');
                    *read.groups.last_mut().expect("never empty") += 1;
                    at += 1;
                    read.ends.push(at);
                }
                Some(c) if is_separator(c) && letters.get(at + 1).is_some_and(|c| c.is_ascii_digit()) => {
                    read.groups.push(0);
                    at += 1;
                }
                _ => break,
            }
        }
        Some(read)
    }

    /// Whether a group of digits ends after `count` digits.
    fn breaks_after(&self, count: usize) -> bool {
        let mut sum = 0;
        self.groups.iter().any(|group| {
            sum += group;
            sum == count
        })
    }

    /// The groups that make up the first `count` digits.
    fn shape(&self, count: usize) -> &[usize] {
        let mut sum = 0;
        let groups = self.groups.iter().take_while(|&&group| {
            sum += group;
            sum <= count
        });
        &self.groups[..groups.count()]
    }

    fn end(&self, count: usize) -> usize {
        self.ends[count - 1]
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '·' | '_' | '—' | '–' | '‐' | '−' | '\u{a0}')
}

/// An amount or a count, not a number that calls somebody.
fn is_counted(letters: &Letters, end: usize) -> bool {
    letters.get(end).is_some_and(|c| "元块万亿人吨米克平美%￥".contains(c))
}

/// Mobile and fixed-line numbers.
pub(super) fn phone(letters: &Letters, at: usize) -> Option<usize> {
    if letters.get(at)? == '(' {
        return area_code_in_brackets(letters, at);
    }
    let (prefix, from) = country_code(letters, at);
    let read = Digits::read(letters, from, 12).or_else(|| {
        // The letter before is the country code, which Digits takes for a longer number.
        prefix.then(|| Digits::read_after_prefix(letters, from)).flatten()
    })?;
    mobile(letters, &read).or_else(|| fixed_line(letters, at, &read))
}

impl Digits {
    fn read_after_prefix(letters: &Letters, at: usize) -> Option<Self> {
        let rest = Letters {
            // Twelve digits and their separators fit.
            chars: letters.from(at).iter().take(32).copied().collect(),
            past: Vec::new(),
            here: 0,
            bytes: Vec::new(),
            end: 0,
            names: false,
        };
        let mut read = Self::read(&rest, 0, 12)?;
        read.ends.iter_mut().for_each(|end| *end += at);
        Some(read)
    }
}

/// Where the number begins after `+86`, `86` or `0086`, and whether one of them stands here.
fn country_code(letters: &Letters, at: usize) -> (bool, usize) {
    if letters.before(at).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return (false, at);
    }
    for code in ["+86", "0086", "(+86)", "86"] {
        if letters.starts(at, code) {
            let mut from = at + code.len();
            if letters.get(from).is_some_and(is_separator) {
                from += 1;
            }
            if letters.get(from) == Some('1') {
                return (true, from);
            }
        }
    }
    (false, at)
}

fn mobile(letters: &Letters, read: &Digits) -> Option<usize> {
    const LEN: usize = 11;
    let &[1, second, ..] = read.values.as_slice() else { return None };
    if second < 3 || read.values.len() < LEN || !read.breaks_after(LEN) {
        return None;
    }
    let end = read.end(LEN);
    let usual = match read.shape(LEN) {
        [11] => !is_counted(letters, end),
        [3, 4, 4] | [3, 8] | [7, 4] | [3, 3, 5] | [4, 4, 3] | [4, 3, 4] | [3, 5, 3] | [5, 6] | [5, 3, 3] => {
            true
        }
        groups => groups.iter().all(|&group| group == 1),
    };
    let goes_on = letters.get(end).is_some_and(|c| c.is_ascii_alphabetic());
    (usual && !goes_on).then_some(end)
}

fn fixed_line(letters: &Letters, at: usize, read: &Digits) -> Option<usize> {
    const CUES: [&str; 9] = ["电话", "座机", "電話", "手机", "联系方式", "tel", "致电", "家里打", "☎"];
    let digits = read.values.as_slice();
    if let &[0, second, ..] = digits
        && second > 0
    {
        let area = if second < 3 { 3 } else { 4 };
        let fits = |len: &usize| digits.len() >= *len && read.breaks_after(*len);
        let end =
            [area + 8, area + 7].iter().find(|len| fits(len)).map(|&len| (read.end(len), read.shape(len)))?;
        let usual = match end.1 {
            [_] => !is_counted(letters, end.0),
            [first, rest @ ..] => *first == area && rest.iter().all(|&group| group >= 3),
            [] => false,
        };
        return usual.then_some(end.0);
    }
    let length = match *read.groups.as_slice() {
        [length @ (7 | 8), ..] => length,
        [first @ (3 | 4), 4, ..] => first + 4,
        _ => return None,
    };
    let service = matches!(digits, [4 | 8, 0, 0, ..]);
    (!service && digits[0] > 1 && letters.has_before(at, 6, &CUES)).then(|| read.end(length))
}

fn area_code_in_brackets(letters: &Letters, at: usize) -> Option<usize> {
    let close = (at + 4..=at + 5).find(|&close| letters.get(close) == Some(')'))?;
    let area = &letters.chars[at + 1..close];
    if area[0] != '0' || !area.iter().all(char::is_ascii_digit) {
        return None;
    }
    let mut from = close + 1;
    if letters.get(from).is_some_and(is_separator) {
        from += 1;
    }
    let read = Digits::read(letters, from, 8)?;
    [8, 7]
        .into_iter()
        .find(|&len| read.values.len() >= len && read.breaks_after(len))
        .map(|len| read.end(len))
}

/// Identity numbers: 18 digits with a valid check digit (or named as such), or the old 15.
pub(super) fn identity(letters: &Letters, at: usize) -> Option<usize> {
    const CUES: [&str; 4] = ["身份证", "证件", "身份證", "id"];
    let read = Digits::read(letters, at, 18)?;
    let digits = read.values.as_slice();
    let region = digits.len() >= 15 && (11..=82).contains(&(digits[0] * 10 + digits[1]));
    if !region {
        return None;
    }
    let named = || letters.has_before(at, 8, &CUES);
    let stands_alone = |end: usize| !letters.get(end).is_some_and(|c| c.is_ascii_alphanumeric());
    if digits.len() == 17 && is_date(&digits[6..14]) {
        let last = read.end(17);
        let last = last + usize::from(letters.get(last).is_some_and(is_separator));
        let check = letters.get(last).is_some_and(|c| c.eq_ignore_ascii_case(&'x'));
        return (check && stands_alone(last + 1) && (check_digit(digits) == 10 || named()))
            .then_some(last + 1);
    }
    if read.breaks_after(18) && is_date(&digits[6..14]) && stands_alone(read.end(18)) {
        return (check_digit(&digits[..17]) == digits[17] || named()).then(|| read.end(18));
    }
    let old = read.groups[0] == 15 && stands_alone(read.end(15));
    let born = [&[1, 9], &digits[6..12.min(digits.len())]].concat();
    (old && is_date(&born)).then(|| read.end(15))
}

/// Whether eight digits are a date of birth.
fn is_date(digits: &[u8]) -> bool {
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0_u32, |n, &d| n * 10 + u32::from(d));
    digits.len() == 8
        && (1900..2100).contains(&number(0, 4))
        && (1..=12).contains(&number(4, 6))
        && (1..=31).contains(&number(6, 8))
}

/// The check digit of an identity number's first 17 digits (GB 11643); 10 stands for X.
fn check_digit(digits: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(&digit, weight)| u32::from(digit) * weight).sum();
    ((12 - sum % 11) % 11) as u8
}

/// Bank cards: 16 to 19 digits with a valid Luhn digit.
pub(super) fn bank_card(letters: &Letters, at: usize) -> Option<usize> {
    let read = Digits::read(letters, at, 19)?;
    let digits = read.values.as_slice();
    if !(3..=6).contains(&digits[0]) {
        return None;
    }
    let card = |length: &usize| {
        let shape = if read.breaks_after(*length) { read.shape(*length) } else { return false };
        let in_fours = shape[..shape.len() - 1].iter().all(|&group| group == 4);
        let goes_on = letters.get(read.end(*length)).is_some_and(|c| c.is_ascii_alphanumeric());
        in_fours && !goes_on && luhn(&digits[..*length])
    };
    (16..=19).rev().find(card).map(|length| read.end(length))
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| u32::from(if place % 2 == 1 { doubled(digit) } else { digit }))
        .sum();
    sum.is_multiple_of(10)
}

/// Number plates: province, letter, then five or six letters and digits.
pub(super) fn plate(letters: &Letters, at: usize) -> Option<usize> {
    const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
    const LAST: &str = "挂学警港澳";
    if !PROVINCES.contains(letters.get(at)?) || !letters.get(at + 1)?.is_ascii_alphabetic() {
        return None;
    }
    let mut from = at + 2;
    if letters.get(from).is_some_and(|c| is_separator(c) || c == '•') {
        from += 1;
    }
    // One separator may also stand after the letter of a new-energy plate.
    let mut taken = Vec::new();
    let mut end = from;
    while let Some(c) = letters.get(end) {
        if c.is_ascii_alphanumeric() {
            taken.push(c);
        } else if !(is_separator(c) && taken.len() == 1) {
            break;
        }
        end += 1;
    }
    let special = letters.get(end).is_some_and(|c| LAST.contains(c)) && taken.len() == 4;
    let digits = taken.iter().filter(|c| c.is_ascii_digit()).count();
    let fits = (matches!(taken.len(), 5 | 6) || special) && digits >= 2;
    fits.then_some(end + usize::from(special))
}

/// E-mail addresses.
pub(super) fn email(letters: &Letters, at: usize) -> Option<usize> {
    let local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    if !letters.get(at)?.is_ascii_alphanumeric() || letters.before(at).is_some_and(local) {
        return None;
    }
    let name = letters.from(at).iter().take(65).take_while(|&&c| local(c)).count();
    let host_at = at + name + 1;
    if name > 64 || letters.get(at + name) != Some('@') {
        return None;
    }
    let host = letters.from(host_at);
    let host = &host
        [..host.iter().take(253).take_while(|c| c.is_ascii_alphanumeric() || "-.".contains(**c)).count()];
    let text: String = host.iter().collect();
    // The host ends with the last part that may be a top domain: a number may follow after a full stop.
    let parts: Vec<&str> = text.split('.').collect();
    let top = |part: &str| part.len() >= 2 && part.chars().all(|c| c.is_ascii_alphabetic());
    let last = parts.iter().rposition(|part| top(part.trim_end_matches('-')))?;
    let front = &parts[..last];
    let real = !front.is_empty() && front.iter().all(|part| !part.is_empty()) && !text.starts_with('-');
    let length =
        front.iter().map(|part| part.len() + 1).sum::<usize>() + parts[last].trim_end_matches('-').len();
    real.then_some(host_at + length)
}
