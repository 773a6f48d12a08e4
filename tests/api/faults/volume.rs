//! A small file system of its own below a test's database: it can be full, grow, and be read-only. Needs root, as the
//! tests of the power cut do.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system in memory; dropped, it is gone.
pub(super) struct Volume {
    path: PathBuf,
}

impl Volume {
    /// Mounts one of this size (`24m`).
    pub(super) fn mount(path: &Path, size: &str) -> Self {
        std::fs::create_dir_all(path).expect("a mount point");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "plinth-test"]).arg(path));
        Self { path: path.to_owned() }
    }

    /// Makes one file of another file system read-only, also for root.
    pub(super) fn seal(file: &Path) -> Self {
        run(Command::new("mount").arg("--bind").args([file, file]));
        run(Command::new("mount").args(["-o", "remount,bind,ro"]).arg(file));
        Self { path: file.to_owned() }
    }

    /// Makes it larger or smaller.
    pub(super) fn resize(&self, size: &str) {
        self.remount(&format!("size={size}"));
    }

    /// Lets nobody write any more.
    pub(super) fn make_read_only(&self) {
        self.remount("ro");
    }

    /// Leaves no room at all.
    pub(super) fn fill(&self) {
        let mut file = std::fs::File::create(self.path.join("filler")).expect("a file");
        while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    }

    fn remount(&self, option: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.path));
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // A lazy unmount can't fail for a file that is still open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.path).output();
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("mount is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}\nTests of full disks need root.");
}
