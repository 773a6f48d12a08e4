//! Reads the layers and merges them.

use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::{Table, Value};

use super::environment::Environment;
use super::error::ConfigError;
use super::place::{explain, file_error};
use super::settings::Settings;
use crate::nearest::nearest;

/// The file that is read when none is named and it is there.
const DEFAULT_FILE: &str = "config/plinth.toml";

/// What the flags say.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--data`
    pub data: Option<String>,
    /// `--database-url`
    pub database_url: Option<String>,
}

impl Overrides {
    fn settings(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let flags = [
            ("--listen", "server.listen", &self.listen),
            ("--data", "data.dir", &self.data),
            ("--database-url", "database.url", &self.database_url),
        ];
        flags.into_iter().filter_map(|(flag, key, value)| Some((flag, key, value.as_deref()?)))
    }
}

/// The settings that a file, the environment and the flags give together.
pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Settings, ConfigError> {
    let known = Known::of_defaults();
    let mut merged = known.defaults.clone();
    if let Some((path, text)) = read_file(overrides, environment)? {
        toml::from_str::<Settings>(&text).map_err(|error| file_error(&path, &text, &error))?;
        let table = text.parse::<Table>().map_err(|error| file_error(&path, &text, &error))?;
        merge(&mut merged, table);
    }
    for (name, text) in environment.settings() {
        let key = known.key_of_variable(name)?;
        merge(&mut merged, known.layer(name, key, text)?);
    }
    for (flag, key, text) in overrides.settings() {
        merge(&mut merged, known.layer(flag, key, text)?);
    }
    Settings::deserialize(merged).map_err(|error| value_error("settings", &error))
}

fn read_file(overrides: &Overrides, environment: &Environment) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let named = overrides.file.clone().or_else(|| environment.get("PLINTH_CONFIG").map(PathBuf::from));
    let path = match named {
        Some(path) => path,
        None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
        None => return Ok(None),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    }
}

/// Every key that there is, with its default.
struct Known {
    defaults: Table,
    keys: Vec<String>,
}

impl Known {
    fn of_defaults() -> Self {
        let defaults = Table::try_from(Settings::default()).expect("the defaults are a table of plain values");
        let mut keys = Vec::new();
        collect_keys(&defaults, "", &mut keys);
        Self { defaults, keys }
    }

    fn key_of_variable(&self, name: &str) -> Result<&str, ConfigError> {
        let found = self.keys.iter().find(|key| variable_of(key) == name);
        found.map(String::as_str).ok_or_else(|| {
            let variables: Vec<_> = self.keys.iter().map(|key| variable_of(key)).collect();
            let nearest = nearest(name, variables.iter().map(String::as_str)).map(str::to_owned);
            ConfigError::UnknownVariable { name: name.to_owned(), nearest }
        })
    }

    /// A layer of this one key; refuses a value that doesn't fit, in the name of the variable or flag.
    fn layer(&self, source: &str, key: &str, text: &str) -> Result<Table, ConfigError> {
        let value = read_as(lookup(&self.defaults, key), text).map_err(|message| value_message(source, message))?;
        let (sections, name) = key.rsplit_once('.').unwrap_or(("", key));
        let single = Table::from_iter([(name.to_owned(), value)]);
        let wrap = |inner, section: &str| Table::from_iter([(section.to_owned(), Value::Table(inner))]);
        let layer = sections.rsplit('.').filter(|section| !section.is_empty()).fold(single, wrap);
        Settings::deserialize(layer.clone()).map_err(|error| value_error(source, &error))?;
        Ok(layer)
    }
}

/// `server.public_url` is `PLINTH_SERVER_PUBLIC_URL`.
fn variable_of(key: &str) -> String {
    format!("PLINTH_{}", key.replace('.', "_").to_uppercase())
}

fn collect_keys(table: &Table, prefix: &str, keys: &mut Vec<String>) {
    for (name, value) in table {
        match value {
            Value::Table(inner) => collect_keys(inner, &format!("{prefix}{name}."), keys),
            _ => keys.push(format!("{prefix}{name}")),
        }
    }
}

fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let Some((section, rest)) = key.split_once('.') else { return table.get(key) };
    lookup(table.get(section)?.as_table()?, rest)
}

/// The text as a value of the same type as the default; a list is written with commas.
fn read_as(default: Option<&Value>, text: &str) -> Result<Value, String> {
    match default {
        Some(Value::Boolean(_)) => {
            text.parse().map(Value::Boolean).map_err(|_| format!("{text:?} is neither true nor false"))
        }
        Some(Value::Integer(_)) => text.parse().map(Value::Integer).map_err(|_| format!("{text:?} is no whole number")),
        Some(Value::Array(_)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(items.map(|item| Value::String(item.to_owned())).collect::<Vec<_>>().into())
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn merge(base: &mut Table, layer: Table) {
    for (name, value) in layer {
        match (base.get_mut(&name), value) {
            (Some(Value::Table(base)), Value::Table(layer)) => merge(base, layer),
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

fn value_error(source: &str, error: &toml::de::Error) -> ConfigError {
    value_message(source, explain(error.message()))
}

fn value_message(source: &str, message: String) -> ConfigError {
    ConfigError::Value { source_name: source.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn from_file(text: &str) -> Result<Settings, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let overrides = Overrides { file: Some(file.path().to_owned()), ..Overrides::default() };
        let name = file.path().display().to_string();
        load(&overrides, &Environment::default()).map_err(|error| error.to_string().replace(&name, "plinth.toml"))
    }

    fn from_variables(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        load(&Overrides::default(), &Environment::new(variables)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_file_in_the_repository_is_the_defaults_with_every_key() {
        let text = include_str!("../../../config/plinth.toml");
        assert_eq!(from_file(text), Ok(Settings::default()));
        let mut written = Vec::new();
        collect_keys(&text.parse().unwrap(), "", &mut written);
        written.sort();
        let mut known = Known::of_defaults().keys;
        known.sort();
        assert_eq!(written, known);
    }

    #[test]
    fn an_error_in_the_file_names_line_key_and_what_fits() {
        for (text, wanted) in [
            (
                "[server]\nlisten = \"127.0.0.1:1\"\nlissen = 1\n",
                "plinth.toml:3:1: server.lissen: unknown key \"lissen\"; did you mean listen?",
            ),
            ("[serve]\n", "plinth.toml:1:2: serve: unknown key \"serve\"; did you mean server?"),
            (
                "[server]\nmax_connections = \"many\"\n",
                "plinth.toml:2:19: server.max_connections: invalid type: string \"many\", expected a nonzero usize",
            ),
            (
                "[auth.limits]\n\npair_every = \"1 minute\"\n",
                "plinth.toml:3:14: auth.limits.pair_every: \"1 minute\" is no span of time: write a whole number above 0 \
                 and one of the units ms, s, m, h, d, such as \"30s\"",
            ),
            (
                "[auth]\nregistration = \"opne\"\n",
                "plinth.toml:2:16: auth.registration: unknown variant `opne`, expected `open` or `closed`",
            ),
            ("[server\n", "plinth.toml:1:8: unclosed table, expected `]`"),
        ] {
            assert_eq!(from_file(text), Err(wanted.to_owned()));
        }
    }

    #[test]
    fn a_variable_overrides_its_setting() {
        let settings = from_variables(&[
            ("PLINTH_SERVER_LISTEN", "127.0.0.1:9"),
            ("PLINTH_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("PLINTH_AUTH_LIMITS_PAIR_BURST", "7"),
            ("PLINTH_METRICS_ENABLED", "false"),
            ("PLINTH_ADMIN_EMAIL", "no setting, but known"),
        ])
        .unwrap();
        assert_eq!(settings.server.listen.port(), 9);
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        assert_eq!(settings.auth.limits.pair_burst.get(), 7);
        assert!(!settings.metrics.enabled);
    }

    #[test]
    fn a_wrong_variable_is_an_error_that_names_it() {
        for (name, value, wanted) in [
            ("PLINTH_SERVER_LISEN", "x", "PLINTH_SERVER_LISEN is no setting; did you mean PLINTH_SERVER_LISTEN?"),
            ("PLINTH_QUUX", "x", "PLINTH_QUUX is no setting"),
            ("PLINTH_METRICS_ENABLED", "yes", "PLINTH_METRICS_ENABLED: \"yes\" is neither true nor false"),
            (
                "PLINTH_SERVER_MAX_CONNECTIONS",
                "0",
                "PLINTH_SERVER_MAX_CONNECTIONS: invalid value: integer `0`, expected a nonzero usize",
            ),
            (
                "PLINTH_SERVER_LISTEN",
                "here",
                "PLINTH_SERVER_LISTEN: \"here\" is no address to listen on: write address:port, such as 127.0.0.1:8080",
            ),
            (
                "PLINTH_DATABASE_URL",
                "mysql://x",
                "PLINTH_DATABASE_URL: not a URL of Postgres: write postgres://user:password@host/name, or nothing for SQLite",
            ),
        ] {
            assert_eq!(from_variables(&[(name, value)]), Err(wanted.to_owned()));
        }
    }

    #[test]
    fn a_flag_overrides_everything_and_is_named_when_wrong() {
        let flags = |listen: &str| Overrides { listen: Some(listen.to_owned()), ..Overrides::default() };
        let variables = [("PLINTH_SERVER_LISTEN".to_owned(), "127.0.0.1:9".to_owned())];
        let environment = Environment::new(variables);
        assert_eq!(load(&flags("127.0.0.1:10"), &environment).unwrap().server.listen.port(), 10);
        let wrong = load(&flags("nowhere"), &environment).unwrap_err().to_string();
        assert_eq!(
            wrong,
            "--listen: \"nowhere\" is no address to listen on: write address:port, such as 127.0.0.1:8080"
        );
    }
}
