//! What a restricted thread, and a restricted process, really cannot do.
//!
//! The kernel binds files to one thread, so the tests about them have threads of their own. System calls go from all threads, so
//! those tests are done in a process of their own.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::{ConfineError, Rules, calls, enter, files, kernel, seal};

/// Tells this program, run again for one test, that it is the process of its own.
const INSIDE: &str = "CONFINE_INSIDE";

/// Does the work in a thread that has given up everything but that.
fn confined<T: Send + 'static>(rules: Rules, work: impl FnOnce() -> T + Send + 'static) -> T {
    let inside = move || {
        assert!(files::restrict(&rules).unwrap() >= 6, "this kernel's Landlock is too old");
        work()
    };
    thread::spawn(inside).join().unwrap()
}

fn is_refused<T>(done: io::Result<T>) -> bool {
    done.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Runs this test again, in a process of its own.
fn in_a_process_of_its_own(test: &str) {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"), "{done:?}");
}

#[test]
fn a_second_thread_keeps_the_first_step_from_being_half_done() {
    let (_open, waits) = std::sync::mpsc::sync_channel::<()>(1);
    let second = thread::spawn(move || waits.recv());
    assert!(matches!(enter(&Rules::default()), Err(ConfineError::Threads(2..))));
    drop(_open);
    second.join().unwrap().unwrap_err();
    assert!(crate::in_force().is_none());
}

#[test]
fn only_named_folders_are_written_and_only_named_files_read() {
    let dir = tempfile::tempdir().unwrap();
    let (own, other) = (dir.path().join("own"), dir.path().join("other"));
    fs::create_dir(&own).unwrap();
    fs::create_dir(&other).unwrap();
    fs::write(other.join("secret"), "swordfish").unwrap();
    fs::write(other.join("shown"), "plain").unwrap();
    let rules = Rules {
        read: vec![other.join("shown"), dir.path().join("not there")],
        write: vec![own.clone()],
        ..Rules::default()
    };
    confined(rules, move || {
        let (inside, secret) = (own.join("file"), other.join("secret"));
        fs::write(&inside, "data").unwrap();
        fs::rename(&inside, own.join("renamed")).unwrap();
        fs::create_dir(own.join("deeper")).unwrap();
        fs::rename(own.join("renamed"), own.join("deeper/moved")).unwrap();
        fs::remove_dir_all(own.join("deeper")).unwrap();
        assert_eq!(fs::read_to_string(other.join("shown")).unwrap(), "plain");

        for path in [&secret, Path::new("/etc/shadow"), Path::new("/etc/passwd")] {
            assert!(is_refused(fs::read(path)), "{}", path.display());
        }
        assert!(is_refused(fs::read_dir(&other)));
        for path in [other.join("new"), secret.clone(), other.join("shown"), "/tmp/confined".into()]
        {
            assert!(is_refused(fs::write(&path, "x")), "{}", path.display());
        }
        assert!(is_refused(fs::OpenOptions::new().append(true).open(&secret)));
        assert!(is_refused(fs::remove_file(&secret)));
        assert!(is_refused(fs::create_dir(other.join("new"))));
        // Neither a link nor a file that is moved leads out or in.
        assert!(fs::hard_link(&secret, own.join("link")).is_err());
        assert!(fs::rename(&secret, own.join("moved")).is_err());
        assert!(is_refused(std::os::unix::fs::symlink(&secret, own.join("link"))));
        assert!(is_refused(Command::new("/bin/true").status()));
    });
    std::os::unix::fs::symlink(dir.path().join("other/secret"), dir.path().join("own/link"))
        .unwrap();
    let own = dir.path().join("own");
    let rules = Rules { write: vec![own.clone()], ..Rules::default() };
    assert!(confined(rules, move || is_refused(fs::read(own.join("link")))));
}

#[test]
fn only_named_programs_are_run() {
    let programs = ["/bin/true", "/lib64/ld-linux-x86-64.so.2"];
    let rules = Rules {
        read: ["/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache", "/bin"].map(Into::into).to_vec(),
        execute: programs.map(Into::into).to_vec(),
        ..Rules::default()
    };
    confined(rules, || {
        let run = |program: &str| Command::new(program).stdout(Stdio::inherit()).status();
        assert!(run("/bin/true").unwrap().success());
        assert!(is_refused(run("/bin/false")));
        assert!(is_refused(run("/bin/sh")));
    });
}

#[test]
fn only_an_empty_folder_leaves_a_folder_that_is_named_for_that() {
    let dir = tempfile::tempdir().unwrap();
    let (outer, own) = (dir.path().to_owned(), dir.path().join("own"));
    fs::create_dir(&own).unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let rules = Rules { write: vec![own.clone()], empty: vec![outer.clone()], ..Rules::default() };
    confined(rules, move || {
        fs::write(own.join("file"), "").unwrap();
        assert!(fs::remove_dir(&own).is_err());
        fs::remove_file(own.join("file")).unwrap();
        fs::remove_dir(&own).unwrap();
        assert!(is_refused(fs::remove_file(outer.join("file"))));
        assert!(is_refused(fs::create_dir(&own)));
    });
}

#[test]
fn only_named_ports_are_listened_on_and_connected_to() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let named = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let free = {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        port(&taken)
    };
    let (named_port, other_port) = (port(&named), port(&other));
    let rules = Rules { bind: vec![free], connect: vec![named_port], ..Rules::default() };
    confined(rules, move || {
        TcpListener::bind(("127.0.0.1", free)).unwrap();
        assert!(is_refused(TcpListener::bind("127.0.0.1:0")));
        assert!(is_refused(TcpListener::bind(("127.0.0.1", other_port))));
        TcpStream::connect(("127.0.0.1", named_port)).unwrap();
        assert!(is_refused(TcpStream::connect(("127.0.0.1", other_port))));
    });
    assert!(confined(Rules { bind: vec![0], ..Rules::default() }, || {
        TcpListener::bind("127.0.0.1:0").is_ok()
    }));
}

#[test]
fn no_other_process_gets_a_signal_or_is_looked_into() {
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let id = Pid::from_child(&other);
    let path = format!("/proc/{}/environ", other.id());
    assert!(fs::read(&path).is_ok());
    let rules = Rules { read: vec!["/proc/self".into()], ..Rules::default() };
    let (signalled, looked_into) = confined(rules, move || {
        fs::read("/proc/self/cgroup").unwrap();
        (kill_process(id, Signal::TERM), fs::read(path))
    });
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(signalled, Err(rustix::io::Errno::PERM));
    assert!(is_refused(looked_into));
}

#[test]
fn a_sealed_process_goes_on_working_and_starts_nothing() {
    if std::env::var_os(INSIDE).is_none() {
        return in_a_process_of_its_own(
            "tests::a_sealed_process_goes_on_working_and_starts_nothing",
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(Command::new("/bin/true").status().unwrap().success());
    assert!(seal().unwrap().calls);

    assert!(Command::new("/bin/true").status().is_err());
    assert!(TcpListener::bind("127.0.0.1:0").is_err());
    let raw = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::RAW,
        Some(rustix::net::ipproto::ICMP),
    );
    assert!(raw.is_err());
    assert!(
        fs::set_permissions(dir.path(), fs::metadata(dir.path()).unwrap().permissions()).is_err()
    );

    let file = dir.path().join("file");
    let written = file.clone();
    thread::spawn(move || fs::write(written, "from a new thread").unwrap()).join().unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "from a new thread");
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.write_all(b"x").unwrap();
    listener.accept().unwrap();
    UdpSocket::bind("127.0.0.1:0").unwrap();
    // The harness's own thread was there before, and is under it, too.
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let statuses =
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    assert!(statuses.into_iter().all(|status| status.contains("\nSeccomp:\t2\n")));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn calls_that_only_an_intruder_wants_are_refused_by_the_kernel() {
    let program = calls::program().unwrap();
    let hex = |code: &seccompiler::sock_filter| {
        let mut bytes = code.code.to_ne_bytes().to_vec();
        bytes.extend([code.jt, code.jf]);
        bytes.extend(code.k.to_ne_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let mut python = Command::new("python3")
        .args(["-c", include_str!("tests/calls.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs python3 (Debian: apt-get install python3)");
    let hex: String = program.iter().map(hex).collect();
    python.stdin.take().unwrap().write_all(hex.as_bytes()).unwrap();
    let done = python.wait_with_output().unwrap();
    let said = String::from_utf8(done.stdout.clone()).unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(said, "126 refused\n");
}

#[test]
fn trying_out_what_the_kernel_has_restricts_nobody() {
    assert!(kernel().is_whole(), "{}", kernel());
    assert!(crate::in_force().is_none());
    fs::read("/etc/passwd").unwrap();
    TcpListener::bind("127.0.0.1:0").unwrap();
}
