//! Lines of cells with commas between: the form of the file of rules, and of casbin's own.
//!
//! ```text
//! line    = blank | "#" anything | cell { "," cell }
//! cell    = [blanks] ( quoted | plain ) [blanks]
//! quoted  = '"' { any character, a quote twice } '"'        may go over several lines
//! plain   = { any character but a comma and the end of the line }, not beginning with a quote
//! ```
//!
//! A reader of our own: the crate `csv` takes a quote for one only where a cell begins, so not behind the blank that
//! everybody writes after a comma.

use super::LineError;

/// The cells of one line that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The number of the line on which it begins, from 1.
    pub(super) line: usize,
    pub(super) cells: Vec<String>,
}

/// Every row, or every fault.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Vec<LineError>> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    while reader.skip_idle_lines() {
        match reader.row() {
            Ok(row) => rows.push(row),
            Err(fault) => {
                faults.push(fault);
                reader.skip_line();
            }
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// A cell that reads as this text; in quotes only if it must be.
pub(super) fn cell(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && !text.starts_with('"') && !text.contains([',', '\n']);
    if plain { text.to_owned() } else { quoted(text) }
}

/// A cell that reads as this text, in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    /// Goes to the next line that is neither blank nor a comment; false at the end.
    fn skip_idle_lines(&mut self) -> bool {
        while !self.rest.is_empty() {
            let line = self.rest.lines().next().unwrap_or_default().trim();
            if !line.is_empty() && !line.starts_with('#') {
                return true;
            }
            self.skip_line();
        }
        false
    }

    fn skip_line(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
        self.advance(end);
    }

    /// Goes on by so many bytes, and counts the lines among them; what was passed.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at(bytes);
        self.line += passed.matches('\n').count();
        self.rest = rest;
        passed
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
    }

    fn row(&mut self) -> Result<Row, LineError> {
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            self.skip_blanks();
            cells.push(if self.rest.starts_with('"') { self.quoted()? } else { self.plain() });
            let more = self.rest.starts_with(',');
            self.advance(self.rest.len().min(1));
            if !more {
                return Ok(Row { line, cells });
            }
        }
    }

    fn plain(&mut self) -> String {
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        self.advance(end).trim().to_owned()
    }

    fn quoted(&mut self) -> Result<String, LineError> {
        let line = self.line;
        let mut text = String::new();
        self.advance(1);
        loop {
            let Some(quote) = self.rest.find('"') else {
                self.advance(self.rest.len());
                return Err(LineError::new(line, "a quote is opened here and never closed"));
            };
            text.push_str(self.advance(quote));
            self.advance(1);
            if !self.rest.starts_with('"') {
                break;
            }
            text.push_str(self.advance(1));
        }
        self.skip_blanks();
        if self.rest.is_empty() || self.rest.starts_with([',', '\n']) {
            return Ok(text);
        }
        let message = "something stands behind a closing quote: put the whole part into quotes, each quote in it twice";
        Err(LineError::new(self.line, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        rows(text).unwrap().into_iter().map(|row| (row.line, row.cells)).collect()
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn blanks_comments_and_empty_lines_are_passed_over() {
        let text = "\u{feff}# first\r\n\r\n  a , b b,c\t\r\n \t\n   # x, \"\nd,, \"\"";
        assert_eq!(read(text), [(3, cells(&["a", "b b", "c"])), (6, cells(&["d", "", ""]))]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn quotes_hold_commas_quotes_and_lines() {
        let text = "a, \"x, \"\"y\"\"\n# z\" ,s == \"live\"\nb";
        assert_eq!(read(text), [(1, cells(&["a", "x, \"y\"\n# z", "s == \"live\""])), (3, cells(&["b"]))]);
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let faults = rows("a\n\"b\" in tags, c\nd\ne, \"f\n\ng").unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 4]);
        assert!(faults[0].message.contains("behind a closing quote"), "{faults:?}");
        assert!(faults[1].message.contains("never closed"), "{faults:?}");
    }

    #[test]
    fn a_cell_is_quoted_only_if_it_must_be() {
        assert_eq!(
            [cell("a == \"b\""), cell("a,b"), cell(""), cell(" a")],
            ["a == \"b\"", "\"a,b\"", "\"\"", "\" a\""]
        );
        assert_eq!(quoted("\"a\" in b"), "\"\"\"a\"\" in b\"");
    }
}
