use deunicode::deunicode_char;

/// Lower-case ASCII letters, digits and single spaces.
///
/// Accents fall away, apostrophes close up (`Children's` is `childrens`), all else is a space.
/// Two and more foreign characters in a row of which one is no letter are what is left of a
/// sign after a wrong decoding: a space too.
pub(in crate::resolve) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii() {
            push(&mut folded, c);
            continue;
        }
        let mut run = vec![c];
        while let Some(next) = chars.next_if(|next| !next.is_ascii()) {
            run.push(next);
        }
        let quotes = run.iter().all(|c| matches!(c, '’' | '‘' | '´' | 'ʼ'));
        if quotes {
            continue;
        }
        if run.len() > 1 && run.iter().any(|c| !c.is_alphabetic()) {
            push(&mut folded, ' ');
            continue;
        }
        for c in run {
            // German writes ä as ae where there are no dots; compare without either.
            match deunicode_char(c) {
                Some(plain) if c.is_alphanumeric() => {
                    plain.chars().for_each(|plain| push(&mut folded, plain));
                }
                _ => push(&mut folded, ' '),
            }
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

fn push(folded: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        folded.push(c.to_ascii_lowercase());
    } else if c != '\'' && c != '`' && !folded.is_empty() && !folded.ends_with(' ') {
        folded.push(' ');
    }
}

/// The words of a folded text; letters that stand alone in a row make one word (`a b c` of
/// `A.B.C.` is `abc`).
pub(in crate::resolve) fn words(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut letters = 0;
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
        let letter = word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase());
        match words.last_mut() {
            Some(last) if letter && letters > 0 => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        letters = if letter { letters + 1 } else { 0 };
    }
    words
}

/// Edits between two ASCII words: insertions, deletions, substitutions and swaps of
/// neighbours. Words of more than 64 bytes are as far apart as they are long.
///
/// Bit-parallel, after Hyyrö (2003).
pub(in crate::resolve) fn distance(a: &str, b: &str) -> u32 {
    let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let (short, long) = (pattern.len(), text.len());
    if short == 0 || short > 64 {
        return if a == b {
            0
        } else {
            u32::try_from(long).unwrap_or(u32::MAX)
        };
    }
    let last = 1_u64 << (short - 1);
    let (mut up, mut down, mut diagonal, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
    let mut edits = u32::try_from(short).unwrap_or(u32::MAX);
    for byte in text.bytes() {
        let here = pattern.bytes().enumerate().fold(0_u64, |mask, (at, own)| {
            mask | (u64::from(own == byte) << at)
        });
        let swap = ((!diagonal & here) << 1) & before;
        diagonal = (((here & up).wrapping_add(up)) ^ up) | here | down | swap;
        let more = down | !(diagonal | up);
        let less = diagonal & up;
        if more & last != 0 {
            edits += 1;
        }
        if less & last != 0 {
            edits -= 1;
        }
        let more = (more << 1) | 1;
        up = (less << 1) | !(diagonal | more);
        down = more & diagonal;
        before = here;
    }
    edits
}

/// Whether at most one edit lies between two ASCII words, by stripping what they share at
/// both ends.
pub(in crate::resolve) fn one_slip(a: &str, b: &str) -> bool {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    if x.len().abs_diff(y.len()) > 1 {
        return false;
    }
    while let (Some((first, rest)), Some((other, more))) = (x.split_first(), y.split_first()) {
        if first != other {
            break;
        }
        (x, y) = (rest, more);
    }
    while let (Some((last, rest)), Some((other, more))) = (x.split_last(), y.split_last()) {
        if last != other {
            break;
        }
        (x, y) = (rest, more);
    }
    match (x, y) {
        ([a, b], [c, d]) => a == d && b == c,
        (x, y) => x.len() <= 1 && y.len() <= 1,
    }
}

/// Which letters and digits a folded word has, a bit each. Every edit brings at most one that
/// the other word has not.
pub(in crate::resolve) fn signs(word: &str) -> u64 {
    word.bytes().fold(0, |signs, byte| signs | 1 << (byte & 63))
}

/// How a word sounds, roughly: its first letter's class and up to four classes of
/// consonants (as in Soundex, the first letter coded as well).
pub(in crate::resolve) fn sound(word: &str) -> String {
    let mut code = String::new();
    let mut before = ' ';
    for byte in word.bytes() {
        let class = match byte {
            b'b' | b'f' | b'p' | b'v' | b'w' => '1',
            b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => '2',
            b'd' | b't' => '3',
            b'l' => '4',
            b'm' | b'n' => '5',
            b'r' => '6',
            b'h' => continue,
            b'0'..=b'9' => char::from(byte),
            _ if code.is_empty() => 'a',
            _ => '0',
        };
        if class != before && class != '0' {
            code.push(class);
        }
        before = class;
        if code.len() == 5 {
            break;
        }
    }
    code
}
