//! A disk that fails on command: `scripts/faults/faults.c`, compiled and loaded into the server.

use crate::server::Home;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

/// What fails below the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Every write is ENOSPC.
    Full,
    /// Half of a write succeeds, then ENOSPC.
    Torn,
    /// Syncs are EIO.
    Sync,
}

/// The switch of a running server's disk.
#[derive(Debug)]
pub(crate) struct Disk {
    control: File,
    library: PathBuf,
    control_path: PathBuf,
    folder: PathBuf,
}

impl Disk {
    /// # Panics
    /// Without a C compiler: this proof cannot be skipped silently.
    pub(crate) fn compile(home: &Home) -> Self {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/faults/faults.c");
        let library = home.path("faults.so");
        let compiler = Command::new("gcc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&library)
            .args([source, "-ldl"])
            .output();
        let output = compiler.expect("the proofs of a failing disk need gcc");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let control_path = home.path("faults.control");
        let control = File::options().read(true).write(true).create_new(true).open(&control_path);
        let control = control.expect("create the control file");
        control.set_len(16).expect("size the control file");
        Disk { control, library, control_path, folder: home.data() }
    }

    /// What the server must be started with.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 3] {
        [
            ("LD_PRELOAD", self.library.clone().into()),
            ("FAULTS_CONTROL", self.control_path.clone().into()),
            ("FAULTS_FOLDER", self.folder.clone().into()),
        ]
    }

    pub(crate) fn fails(&self, fault: Fault) {
        self.set(match fault {
            Fault::Full => b'f',
            Fault::Torn => b't',
            Fault::Sync => b's',
        });
    }

    pub(crate) fn works(&self) {
        self.set(0);
    }

    /// Calls that failed so far.
    pub(crate) fn failed(&self) -> u64 {
        let mut count = [0; 8];
        self.control.read_exact_at(&mut count, 8).expect("read the control file");
        u64::from_ne_bytes(count)
    }

    fn set(&self, mode: u8) {
        self.control.write_all_at(&[mode], 0).expect("write the control file");
    }
}
