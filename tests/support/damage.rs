//! Documents that are nearly right: each token of a document replaced by each of the others that there can be, and the document cut
//! at each byte. What a decoder refuses for one member it must refuse for every member.

/// Tokens that take the place of a document's own: every kind of value, numbers at the ends of their ranges, strings that end early
/// or contain what they cannot, names of members that no document has, punctuation, blanks, nothing.
const TOKENS: &[&str] = &[
    "",
    " \t\r\n",
    "null",
    "nul",
    "true",
    "tru",
    "false",
    "fals",
    "0",
    "-0",
    "-8",
    "-",
    "00",
    "1.",
    "0.5",
    "0.18446744073709551999999999",
    "33.40000000000000000000000000001e2",
    "6.666666666666666666666666666666666666666667e50",
    "4e-10",
    "3e-313",
    "1e-99999",
    "1e",
    "1E+",
    "1e400",
    "0e400",
    "0e99999999999",
    "-1e400",
    "1e99999999999",
    "4294967295",
    "4294967296",
    "14294967295",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "44444444444444444444444444",
    "44444444444444444444444444.44e3",
    "[]",
    "[0]",
    "[0,1]",
    "[0,1,2]",
    "[0,]",
    "[0 1]",
    "[{}]",
    "[[]]",
    "[",
    "{}",
    "{\"hex\":\"ff\"}",
    "{\"hex\":\"FF\"}",
    "{\"hex\":\"fF0\"}",
    "{\"hex\":\"6869\"}",
    "{\"hex\":\"zz\"}",
    "{\"hex\":\"\\u0066f\"}",
    "{\"hex\":0}",
    "{\"hex\":\"ff\",\"hex\":\"ff\"}",
    "{\"hex\":\"ff\",}",
    "{\"HEX\":\"ff\"}",
    "{0:0}",
    "{\"a\" 0}",
    "{\"a\":0,}",
    "{",
    "\"\"",
    "\".\"",
    "\"..\"",
    "\"a/../b\"",
    "\"a//b\"",
    "\"/\"",
    "\"run\"",
    "\"0755\"",
    "\"0799\"",
    "\"07555\"",
    "\"a\u{202e}b\u{feff}\u{1f600}\"",
    "\"\u{1}\"",
    "\"\\u0000\\b\\f\\n\\r\\t\\/\\\\\\\"\"",
    "\"\\u00e9\\u2028\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\\ud800\\n\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\\u00\"",
    "\"\\u00g0\"",
    "\"\\x\"",
    "\"\\",
    "\"\\u",
    "\"a",
    "]",
    "}",
    ",",
    ":",
    "\"s6-instance-maker \\u001b\"",
    "\"a\\u10bb\\uE00b\\u0000\\/\"",
    "[\"\\u0000\\uE00b\\x\"]",
    "[\"\\u0000\",45e307]",
    "[0.7E",
    "[1,2.66e-",
    "[ , ]",
    "[\"a\"\t\t]",
    "{\"\\u10bba\":8e",
    "{\"\":tr",
    "{\"a\"\n\n",
    "{\"a\": \t\r\nfal",
    "{\"hex\" :\r\n\"f",
    "4407370955216096511.5",
    "3.4e",
    "x",
];

/// Blanks of every kind, in an order that no document has.
const BLANKS: &str = "\n\t \r\n";

/// A document cut at each byte; with each token doubled, left out, and replaced by each of `TOKENS`, with blanks before it and
/// without; ended by blanks before each token; and with each member left out and repeated.
#[must_use]
pub fn damaged(document: &str) -> Vec<Vec<u8>> {
    let mut documents: Vec<_> = (0..document.len()).map(|end| document.as_bytes()[..end].to_vec()).collect();
    let tokens = tokens(document);
    for (index, &(start, end)) in tokens.iter().enumerate() {
        let (before, token, after) = (&document[..start], &document[start..end], &document[end..]);
        for other in TOKENS {
            documents.push([before, other, after].concat().into_bytes());
            documents.push([before, BLANKS, other].concat().into_bytes());
        }
        documents.push([before, BLANKS].concat().into_bytes());
        documents.push([before, BLANKS, token, BLANKS, after].concat().into_bytes());
        documents.push([before, token, token, after].concat().into_bytes());
        if let Some(value) = value_of(document, &tokens, index) {
            let member = [token, ":", value, ","].concat();
            let behind = document[end + 1 + value.len()..].trim_start_matches(',');
            documents.push([before, &member, &member, behind].concat().into_bytes());
            documents.push([before, behind].concat().into_bytes());
            // Its name with one character more, and written with an escape.
            documents.push([before, token.trim_end_matches('"'), "x\"", after].concat().into_bytes());
            let escaped = token.chars().skip(1).take(1).map(|first| format!("\"\\u{:04x}", u32::from(first)));
            let escaped = escaped.collect::<String>() + &token[2..];
            documents.push([before, &escaped, after].concat().into_bytes());
        }
    }
    documents
}

/// The value of the member whose name is a token; `None`: the token is not the name of a member.
fn value_of<'a>(document: &'a str, tokens: &[(usize, usize)], index: usize) -> Option<&'a str> {
    let (start, end) = tokens[index];
    if !document[start..end].starts_with('"') || !document[end..].starts_with(':') {
        return None;
    }
    let mut depth = 0;
    for &(start, value_end) in &tokens[index + 2..] {
        match document.as_bytes()[start] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&document[end + 1..value_end]);
        }
    }
    None
}

/// The bounds of the tokens of a compact document.
fn tokens(document: &str) -> Vec<(usize, usize)> {
    let bytes = document.as_bytes();
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(&first) = bytes.get(start) {
        let rest = &bytes[start + 1..];
        let length = match first {
            b'"' => {
                let mut escaped = false;
                let ends = |&byte: &u8| {
                    let ends = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                };
                rest.iter().position(ends).map_or(rest.len(), |position| position + 1)
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 0,
            _ => rest.iter().position(|byte| b"{}[],:\" \n".contains(byte)).unwrap_or(rest.len()),
        };
        tokens.push((start, start + 1 + length));
        start += 1 + length;
    }
    tokens
}
