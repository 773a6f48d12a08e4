//! The environment, read once and passed in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The `PLINTH_…` variables of a process.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// The first administrator, as the environment names one.
#[derive(Clone)]
pub struct FirstAdmin {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Variables that are no settings.
pub(super) const OTHERS: [&str; 4] =
    ["PLINTH_CONFIG", "PLINTH_ADMIN_EMAIL", "PLINTH_ADMIN_PASSWORD", "PLINTH_ADMIN_PASSWORD_FILE"];

/// The variables name half an administrator, or a file that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AdminVariablesError {
    /// One of the two is missing.
    #[error(
        "PLINTH_ADMIN_EMAIL goes with PLINTH_ADMIN_PASSWORD or PLINTH_ADMIN_PASSWORD_FILE, exactly one of them: set both or none"
    )]
    Incomplete,
    /// The file can't be read.
    #[error("PLINTH_ADMIN_PASSWORD_FILE: can't read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Environment {
    /// The variables of this process; one that is not UTF-8 is passed over, since no setting can hold it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_process() -> Self {
        let all =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::new(all)
    }

    /// These variables, as far as their names start with `PLINTH_`.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().filter(|(name, _)| name.starts_with("PLINTH_")).collect() }
    }

    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Those that must be settings.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !OTHERS.contains(name))
    }

    /// The administrator to make at the first start, if the variables name one.
    pub fn first_admin(&self) -> Result<Option<FirstAdmin>, AdminVariablesError> {
        let email = self.get("PLINTH_ADMIN_EMAIL");
        let (text, file) = (self.get("PLINTH_ADMIN_PASSWORD"), self.get("PLINTH_ADMIN_PASSWORD_FILE"));
        match (email, text, file) {
            (None, None, None) => Ok(None),
            (Some(email), Some(password), None) => {
                Ok(Some(FirstAdmin { email: email.to_owned(), password: password.to_owned() }))
            }
            (Some(email), None, Some(path)) => {
                let refuse = |source| AdminVariablesError::File { path: path.into(), source };
                let password = read_password(Path::new(path)).map_err(refuse)?;
                Ok(Some(FirstAdmin { email: email.to_owned(), password }))
            }
            _ => Err(AdminVariablesError::Incomplete),
        }
    }
}

impl std::fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl std::fmt::Debug for FirstAdmin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstAdmin").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The first line of a file: editors and secret stores end it with a newline that is no part of the password.
pub fn read_password(path: &Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
