//! `plinth serve`: opens everything, listens, and stops in good order.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use plinth_store::Location;
use tokio::signal::unix::{SignalKind, signal};

use super::policy::read_rules;
use super::{Failure, Place, open_files};
use crate::app::{App, location};
use crate::auth::Password;
use crate::collections::files::read_directory;
use crate::config::{Environment, FirstAdmin, LogFormat, Settings};
use crate::control::Control;
use crate::control::order::Steward;
use crate::http::listener::Listener;
use crate::http::router;
use crate::lifecycle::Lifecycle;
use crate::policy::file::Changes;
use crate::telemetry::start_log;

/// Runs the server.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Applies the definitions in this directory first, and policies.csv beside it if that is there [default:
    /// config/collections]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "config/collections")]
    apply: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self, environment: &Environment) -> Result<(), Failure> {
        let settings = Arc::new(self.place.settings(environment, self.listen)?);
        start_log(&settings.log)?;
        open_files::raise_limit();
        let lifecycle = Lifecycle::default();
        let listener = Listener::bind(&settings.server)
            .await
            .map_err(|error| format!("can't listen on {}: {error}{}", settings.server.listen, remedy(&error)))?;
        let first_admin = environment.first_admin()?;
        let app = App::open(settings.clone(), &lifecycle).await?;
        if let Some(directory) = &self.apply {
            apply(&app, directory).await?;
        }
        lifecycle.spawn(stop_on_signal(lifecycle.clone())?);
        take_orders(&app, &lifecycle);
        announce(&app, &listener, first_admin).await?;
        lifecycle.spawn(listener.serve(router(app.clone()), lifecycle.clone()));
        lifecycle.stopping().await;
        tracing::info!("stopping: no new requests, those in flight go on");
        if !lifecycle.finish(settings.server.drain_timeout.duration()).await {
            tracing::warn!("some requests were cut off");
        }
        app.close().await;
        Ok(())
    }
}

/// Makes the collections as the files of a directory say, and the rules as the file beside it says, if there is one.
async fn apply(app: &App, directory: &Path) -> Result<(), Failure> {
    let changed = app.collections.apply_files(&read_directory(directory)?, false).await?;
    tracing::info!(?changed, "the definitions were applied");
    let path = std::path::absolute(directory)?.with_file_name("policies.csv");
    if path.try_exists().map_err(|error| format!("can't read {}: {error}", path.display()))? {
        let Changes { removed, added, .. } = Steward::from(app).apply_rules(&read_rules(&path)?).await?;
        tracing::info!(removed = removed.len(), added = added.len(), "the rules were applied");
    }
    Ok(())
}

/// Listens to the operator's commands, where they can't open the database themselves.
fn take_orders(app: &App, lifecycle: &Lifecycle) {
    if let Location::Sqlite(directory) = location(&app.settings) {
        match Control::bind(&directory) {
            Ok(control) => lifecycle.spawn(control.run(app.into(), lifecycle.clone())),
            Err(error) => tracing::warn!(%error, "the other commands of plinth will not work while this server runs"),
        }
    }
}

/// Makes the first administrator that the environment names; tells where the server is, and the set-up link if there
/// is no administrator yet: on standard output for people, in the log for machines.
async fn announce(app: &App, listener: &Listener, first_admin: Option<FirstAdmin>) -> Result<(), Failure> {
    let (own, url) = addresses(&app.settings, listener.address()?);
    let version = env!("CARGO_PKG_VERSION");
    if let Some(FirstAdmin { email, password }) = first_admin
        && app.auth.setup_is_open().await?
    {
        app.auth.make_admin(&email, &Password::new(password)).await.map_err(|error| error.for_operator())?;
        tracing::info!(email, "the first administrator was made from the environment");
    }
    let setup = app.auth.open_setup().await?.map(|token| format!("{url}/_/setup#token={token}"));
    match app.settings.log.format {
        LogFormat::Human => {
            println!("Plinth {version} listens on {own}/");
            if let Some(link) = setup {
                println!("There is no administrator yet. Open this link, once, to become one:\n  {link}");
            }
        }
        LogFormat::Json => tracing::info!(version, address = own, url, setup, "listening"),
    }
    Ok(())
}

/// What to do when an address can't be had.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "; end the other server, or choose another address with --listen",
        std::io::ErrorKind::AddrNotAvailable => "; choose an address of this machine with --listen",
        std::io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need a right of their own: choose another with --listen"
        }
        _ => "",
    }
}

/// Where the server listens, and where people reach it as far as it can tell.
fn addresses(settings: &Settings, bound: SocketAddr) -> (String, String) {
    let local = bound.ip().is_unspecified();
    let own = if local { format!("http://localhost:{}", bound.port()) } else { format!("http://{bound}") };
    let public = &settings.server.public_url;
    let url = if public.is_empty() { own.clone() } else { public.clone() };
    (own, url)
}

/// Stops the server when the process is asked to end, by a terminal or by a supervisor.
fn stop_on_signal(lifecycle: Lifecycle) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = lifecycle.stopping() => {}
        }
        lifecycle.stop();
    })
}
