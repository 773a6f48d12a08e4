//! A disk whose power can be cut: an ext4 file system in a file, mounted through a loop device.
//!
//! What a process writes stays in the page cache of the mounted file system until it is synced; what is synced
//! reaches the file. A copy of the file is therefore what a power cut would leave. Static binaries are caught too,
//! which a preloaded library would miss. Limits: what the kernel wrote back by itself counts as safe, and nothing is
//! torn or reordered, so losses found here are lower bounds.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Far above what a round writes; the file is sparse.
const SIZE: &str = "512M";
/// Seconds between the journal's own commits: longer than any round, so that only a sync makes anything safe.
const OPTIONS: &str = "loop,commit=300";

/// A mounted file system that can lose its power. Dropping it unmounts and deletes it.
pub(super) struct Disk {
    dir: tempfile::TempDir,
    cuts: usize,
}

impl Disk {
    /// A new, empty disk.
    pub(super) fn new() -> Self {
        let disk = Self { dir: tempfile::tempdir().expect("a directory for the disk"), cuts: 0 };
        let image = disk.image();
        run(Command::new("truncate").args(["-s", SIZE]).arg(&image));
        // Without lazy initialisation: a kernel thread that writes to the disk would sync what nobody asked for.
        let eager = ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"];
        run(Command::new("mkfs.ext4").args(eager).arg(&image));
        std::fs::create_dir(disk.path()).expect("a mount point");
        disk.mount();
        disk
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("mounted")
    }

    /// Cuts the power: what was not synced is gone. Whoever wrote must be dead already, so that the copy is made at
    /// one instant.
    pub(super) fn cut(&mut self) {
        let (before, after) = (self.image(), self.dir.path().join(format!("{}.img", self.cuts + 1)));
        run(Command::new("cp").arg("--sparse=always").arg(&before).arg(&after));
        self.unmount();
        std::fs::remove_file(&before).expect("the old image");
        self.cuts += 1;
        self.mount();
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join(format!("{}.img", self.cuts))
    }

    fn mount(&self) {
        run(Command::new("mount").args(["-o", OPTIONS]).arg(self.image()).arg(self.path()));
    }

    fn unmount(&self) {
        run(Command::new("umount").arg(self.path()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A lazy unmount can't fail for a file that is still open; what is not mounted is as good.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

fn run(command: &mut Command) {
    let ended = command.output();
    let is_good = ended.as_ref().is_ok_and(|output| output.status.success());
    assert!(
        is_good,
        "{command:?} failed: {}\nA simulated power cut needs root, loop devices and e2fsprogs on this machine.",
        match &ended {
            Ok(Output { stderr, .. }) => String::from_utf8_lossy(stderr).into_owned(),
            Err(error) => error.to_string(),
        }
    );
}

/// Whether SQLite finds the database whole; opening it recovers it.
pub(super) fn integrity(database: &Path) -> Result<(), String> {
    let check = || -> rusqlite::Result<String> {
        let database = rusqlite::Connection::open(database)?;
        database.query_row("pragma integrity_check", [], |row| row.get(0))
    };
    match check() {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(answer) => Err(answer),
        Err(error) => Err(error.to_string()),
    }
}
