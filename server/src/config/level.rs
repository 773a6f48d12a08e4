//! How much is logged, as `log.level` says it: a level, or directives such as `info,plinth::http=debug`.
//!
//! A word that is no level would be taken for the name of a module, and a typo would silence the log.

use serde::{Deserialize, Deserializer, de::Error as _};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads directives.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.split(',').map(str::trim).find(|directive| !is_directive(directive)) {
        None => Ok(text),
        Some(odd) => {
            let levels = LEVELS.join(", ");
            Err(D::Error::custom(format!("{odd:?} is no level ({levels}) and no directive such as plinth::http=debug")))
        }
    }
}

fn is_directive(text: &str) -> bool {
    let level = text.rsplit_once('=').map_or(text, |(_, level)| level);
    LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::is_directive;

    #[test]
    fn a_directive_ends_in_a_level() {
        for good in ["info", "WARN", "plinth=debug", "plinth::http=trace", "off"] {
            assert!(is_directive(good), "{good}");
        }
        for odd in ["inof", "loud", "", "plinth", "plinth=", "plinth=loud"] {
            assert!(!is_directive(odd), "{odd}");
        }
    }
}
