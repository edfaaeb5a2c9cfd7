//! Listings of messages for snapshots: each message once, and below it the cases that lead to it.

/// The width at which a line of cases ends, in characters.
const WIDTH: usize = 130;

/// Messages in the order in which they were added first.
#[derive(Debug, Default)]
pub struct Listing(Vec<(String, Vec<String>)>);

impl Listing {
    /// Adds a case that leads to `message`.
    pub fn add(&mut self, case: impl Into<String>, message: &str) {
        let message = message.trim_end();
        match self.0.iter_mut().find(|(known, _)| known == message) {
            Some((_, cases)) => cases.push(case.into()),
            None => self.0.push((message.to_owned(), vec![case.into()])),
        }
    }

    /// The text of a snapshot: the lines of a message, and its cases, indented, with ` | ` between.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (message, cases) in &self.0 {
            text += message;
            let mut line = String::new();
            for case in cases {
                if !line.is_empty() && line.chars().count() + case.chars().count() > WIDTH {
                    text += &format!("\n    {line}");
                    line.clear();
                }
                line += if line.is_empty() { "" } else { " | " };
                line += case;
            }
            text += &format!("\n    {line}\n");
        }
        text
    }
}
