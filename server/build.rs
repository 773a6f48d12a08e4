//! Bakes the admin panel into the binary: every file of `admin-ui/dist` with its type, its hash and, where it gets
//! smaller, its gzip form.
//!
//! Without a built panel the server still builds, and `/_/` answers with a page that says how to build it. Set
//! `PLINTH_REQUIRE_PANEL=1`, as the release build does, to make that an error.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| missing("CARGO_MANIFEST_DIR"))?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| missing("OUT_DIR"))?);
    let dist = root.join("../admin-ui/dist");
    println!("cargo::rerun-if-env-changed=PLINTH_REQUIRE_PANEL");
    println!("cargo::rerun-if-changed={}", dist.display());

    let mut table = String::from("&[\n");
    if dist.join("index.html").is_file() {
        for file in files_below(&dist)? {
            println!("cargo::rerun-if-changed={}", file.display());
            table += &entry(&dist, &file, &out)?;
        }
    } else if env::var_os("PLINTH_REQUIRE_PANEL").is_some() {
        println!("cargo::error=admin-ui/dist is missing: run `npm ci && npm run build` in admin-ui first");
    } else {
        println!("cargo::warning=admin-ui/dist is missing: /_/ will say so; run `npm ci && npm run build` in admin-ui");
    }
    table += "]\n";
    fs::write(out.join("panel.rs"), table)
}

/// One row of the table, and the files that it includes.
fn entry(dist: &Path, file: &Path, out: &Path) -> io::Result<String> {
    let bytes = fs::read(file)?;
    let path = file.strip_prefix(dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
    let hash = Sha256::digest(&bytes).iter().take(16).fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    });
    let gzip = match compress(&bytes)? {
        Some(small) => {
            let target = out.join(format!("{hash}.gz"));
            fs::write(&target, small)?;
            format!("Some(include_bytes!({:?}))", target.display().to_string())
        }
        None => "None".to_owned(),
    };
    // What the table lists is included as it was then, even while the panel is built anew.
    let source = out.join(&hash);
    fs::write(&source, &bytes)?;
    let source = source.display().to_string();
    Ok(format!(
        "    Asset {{ path: {path:?}, etag: \"\\\"{hash}\\\"\", bytes: include_bytes!({source:?}), gzip: {gzip} }},\n"
    ))
}

/// The gzip form, if it saves a tenth.
fn compress(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let small = encoder.finish()?;
    Ok((small.len() < bytes.len() / 10 * 9).then_some(small))
}

fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("cargo did not set {name}"))
}
