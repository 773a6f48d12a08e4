//! What is wrong with the settings, and where.

use std::path::PathBuf;

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read the configuration {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A place of the file is wrong.
    #[error("{}:{line}:{column}: {}{message}", path.display(), key_prefix(key))]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The key with its section, if the place is one.
        key: String,
        /// What is wrong and what would fit.
        message: String,
    },
    /// A variable or a flag holds a value that doesn't fit.
    #[error("{source_name}: {message}")]
    Value {
        /// The variable or flag.
        source_name: String,
        /// What is wrong and what would fit.
        message: String,
    },
    /// A variable that is no setting.
    #[error("{name} is no setting{}", hint(nearest.as_deref()))]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The variable that was likely meant.
        nearest: Option<String>,
    },
}

fn key_prefix(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

/// `; did you mean …?`, or nothing.
pub(super) fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}
