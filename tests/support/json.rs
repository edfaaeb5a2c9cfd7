//! JSON as text: its members stay in their order, which values of serde_json would not keep.

/// The text without the blanks between its tokens.
#[must_use]
pub fn compact(json: &str) -> String {
    let mut quoted = Quoted::default();
    json.chars().filter(|&character| quoted.is_inside(character) || !character.is_ascii_whitespace()).collect()
}

/// The text of a compact document with a line for every element down to the second level.
#[must_use]
pub fn lines(json: &str) -> String {
    const LEVELS: usize = 2;
    let mut text = String::new();
    let mut quoted = Quoted::default();
    let mut depth = 0;
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    let mut characters = json.trim_end().chars().peekable();
    while let Some(character) = characters.next() {
        let plain = !quoted.is_inside(character);
        match character {
            '{' | '[' if plain => {
                depth += 1;
                text.push(character);
                if depth <= LEVELS && !matches!(characters.peek(), Some('}' | ']')) {
                    line(&mut text, depth);
                }
            }
            '}' | ']' if plain => {
                if depth <= LEVELS && !text.ends_with(['{', '[']) {
                    line(&mut text, depth - 1);
                }
                depth -= 1;
                text.push(character);
            }
            ',' if plain && depth <= LEVELS => {
                text.push(character);
                line(&mut text, depth);
            }
            ',' | ':' if plain => text.extend([character, ' ']),
            _ => text.push(character),
        }
    }
    text.push('\n');
    text
}

/// The state that tells if a character is part of a string.
#[derive(Default)]
struct Quoted {
    inside: bool,
    escaped: bool,
}

impl Quoted {
    /// Takes the next character; both quotes count as inside.
    const fn is_inside(&mut self, character: char) -> bool {
        match (self.inside, self.escaped, character) {
            (true, true, _) => self.escaped = false,
            (true, false, '\\') => self.escaped = true,
            (true, false, '"') => {
                self.inside = false;
                return true;
            }
            (false, _, '"') => self.inside = true,
            _ => {}
        }
        self.inside
    }
}
