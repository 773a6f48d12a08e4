//! The files of the admin panel, as `build.rs` baked them into the binary.

/// One file.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its path below `/_/`.
    pub(super) path: &'static str,
    /// A hash of its bytes, quoted.
    pub(super) etag: &'static str,
    /// Its bytes.
    pub(super) bytes: &'static [u8],
    /// The same compressed, if that pays.
    pub(super) gzip: Option<&'static [u8]>,
}

/// All files, by path; none if the panel was not built.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/panel.rs"));

impl Asset {
    /// The file at this path.
    pub(super) fn find(path: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.path == path)
    }

    /// Whether its name holds a hash of its bytes (Vite puts such files under `assets/`), so that it never changes.
    pub(super) fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }

    /// Its media type by the ending of its name; only endings that a built panel has.
    pub(super) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("html") => "text/html; charset=utf-8",
            Some("js" | "mjs") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("json" | "map") => "application/json",
            Some("webmanifest") => "application/manifest+json",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("webp") => "image/webp",
            Some("ico") => "image/x-icon",
            Some("woff2") => "font/woff2",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}
