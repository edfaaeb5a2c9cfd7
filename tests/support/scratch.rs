//! Directories of a test's own, gone when it ends, however it ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A directory of a test's own.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new directory in the build's folder for such things.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self::within(&crate::program::target_dir().join("tmp"), label)
    }

    /// A new directory in `parent`.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn within(parent: &Path, label: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{label}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a scratch directory can be made");
        Self(path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Something in it.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // rm knows how to remove what is deeper than a path can be; a test that failed may have left odd modes behind.
        let _ = std::process::Command::new("chmod")
            .arg("-R")
            .arg("u+rwX")
            .arg(&self.0)
            .stderr(std::process::Stdio::null())
            .status();
        let _ = std::process::Command::new("rm").arg("-rf").arg("--").arg(&self.0).status();
    }
}

/// A file system in memory, mounted until it is dropped.
#[derive(Debug)]
pub struct Memory<'p>(&'p Path);

impl<'p> Memory<'p> {
    /// Mounts one on a directory.
    ///
    /// # Panics
    ///
    /// If it cannot be mounted.
    #[must_use]
    pub fn on(place: &'p Path) -> Self {
        let mounted = std::process::Command::new("mount").args(["-t", "tmpfs", "none"]).arg(place).status();
        assert!(mounted.is_ok_and(|status| status.success()), "unable to mount tmpfs on {}", place.display());
        Self(place)
    }
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0).status();
    }
}
