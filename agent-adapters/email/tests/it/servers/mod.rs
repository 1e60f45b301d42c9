//! Postfix, Dovecot, OpenDKIM and Postgrey, started for one test in a root of their own.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The users of the root, as scripts/servers makes them.
const POSTFIX: u32 = 5001;
const POSTDROP: u32 = 5002;
const OPENDKIM: u32 = 5005;
const POSTGREY: u32 = 5006;
const VMAIL: u32 = 5007;

/// The address that takes mail, and the password of its mailbox.
pub(crate) const MAILBOX: &str = "office@mail.test";
/// Who may submit, and the password.
pub(crate) const LOGIN: (&str, &str) = ("mara@mail.test", "hush");

/// Another address with a mailbox, and one whose mail comes back.
pub(crate) const CROSS: &str = "cross@mail.test";
pub(crate) const GONE: &str = "gone@mail.test";

/// The servers, until this is dropped.
pub(crate) struct MailServers {
    root: PathBuf,
    /// The folder within the root.
    inner: String,
    children: Vec<(String, Child)>,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) submission: u16,
    pub(crate) submissions: u16,
    pub(crate) mx: u16,
    pub(crate) grey: u16,
}

impl MailServers {
    /// Starts them; `dkim` is the record of a public key, `name value`. `None`, and a line that says
    /// so, where they are not installed.
    pub(crate) fn start(dkim: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(root) = std::env::var("DEALWRIGHT_MAIL_ROOT") else {
            println!("skipped: no mail servers; eval \"$(scripts/servers)\" fetches them");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let inner = format!("/tmp/test-{}-{number}", std::process::id());
        let [submission, submissions, mx, grey, postgrey, imap, imaps] = free_ports();
        let mut servers = Self {
            root: PathBuf::from(root),
            inner,
            children: Vec::new(),
            imap,
            imaps,
            submission,
            submissions,
            mx,
            grey,
        };
        let dir = servers.dir();
        fs::create_dir_all(&dir).unwrap();
        let values = [
            ("@DIR@", servers.inner.clone()),
            ("@SUBMISSIONS@", submissions.to_string()),
            ("@SUBMISSION@", submission.to_string()),
            ("@MX@", mx.to_string()),
            ("@GREY@", grey.to_string()),
            ("@POSTGREY@", postgrey.to_string()),
            ("@IMAPS@", imaps.to_string()),
            ("@IMAP@", imap.to_string()),
            ("@SIZE@", "60000".to_owned()),
        ];
        for (name, text) in [
            ("main.cf", include_str!("main.cf")),
            ("master.cf", include_str!("master.cf")),
            ("dovecot.conf", include_str!("dovecot.conf")),
            ("opendkim.conf", include_str!("opendkim.conf")),
        ] {
            let text = values
                .iter()
                .fold(text.to_owned(), |text, (at, value)| text.replace(at, value));
            fs::write(dir.join(name), text).unwrap();
        }
        servers.files(dkim);
        let (at, grey) = (servers.inner.clone(), postgrey.to_string());
        servers.start_dovecot();
        servers.run("opendkim", &["-f", "-x", &format!("{at}/opendkim.conf")]);
        servers.run(
            "postgrey",
            &[
                &format!("--inet=127.0.0.1:{grey}"),
                &format!("--dbdir={at}/postgrey"),
                "--delay=2",
                "--user=postgrey",
                "--group=postgrey",
            ],
        );
        servers.until("the filters listen", |servers| {
            servers.dir().join("opendkim.sock").exists() && listens(postgrey)
        });
        servers.run("/usr/lib/postfix/sbin/master", &["-c", &at, "-d"]);
        servers.until("postfix listens", |servers| {
            [
                servers.submission,
                servers.submissions,
                servers.mx,
                servers.grey,
            ]
            .into_iter()
            .all(listens)
        });
        Some(servers)
    }

    /// Starts the server that keeps mail, for the first time or again.
    pub(crate) fn start_dovecot(&mut self) {
        let conf = format!("{}/dovecot.conf", self.inner);
        self.run("dovecot", &["-F", "-c", &conf]);
        let imaps = self.imaps;
        self.until("dovecot listens", |_| listens(imaps));
    }

    /// Ends the server that keeps mail.
    pub(crate) fn stop_dovecot(&mut self) {
        let at = self.children.iter().position(|(name, _)| name == "dovecot");
        let (_, mut child) = self.children.remove(at.unwrap());
        // A process that serves a client goes on without its master for as long as it is asked.
        let serving = children_of(child.id());
        end(&mut child);
        for process in serving {
            let _ = Command::new("kill")
                .arg(process)
                .stderr(Stdio::null())
                .status();
        }
    }

    /// Brings a mail to `to` as another host would: by a client of its own, to the open port. It
    /// is in the mailbox once this returns.
    pub(crate) fn post(&self, to: &str, mail: &str) {
        let before = self.kept(to).len();
        let mut child = Command::new("python3")
            .args(["-c", include_str!("client.py"), &self.mx.to_string(), to])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let bytes = mail.replace('\n', "\r\n");
        child
            .stdin
            .take()
            .unwrap()
            .write_all(bytes.as_bytes())
            .unwrap();
        let done = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{told}\n{}", self.logs());
        self.until("the mail is in the mailbox", |servers| {
            servers.kept(to).len() > before
        });
    }

    /// The mails of a mailbox, read or not.
    pub(crate) fn kept(&self, user: &str) -> Vec<PathBuf> {
        let folder = self.dir().join("mail").join(user);
        let of = |part: &str| fs::read_dir(folder.join(part)).into_iter().flatten();
        let paths = of("new").chain(of("cur")).flatten().map(|e| e.path());
        paths.collect()
    }

    fn dir(&self) -> PathBuf {
        self.root.join(self.inner.trim_start_matches('/'))
    }

    /// The root that signed the certificate which the servers show.
    pub(crate) fn root_certificate(&self) -> Vec<u8> {
        fs::read(self.dir().join("root.pem")).unwrap()
    }

    /// The certificate that the servers show and its key, in PEM.
    pub(crate) fn identity(&self) -> Vec<u8> {
        fs::read(self.dir().join("server.pem")).unwrap()
    }

    /// What lies in the mailbox, once there are `n` mails.
    pub(crate) fn mailbox(&self, n: usize) -> Vec<Vec<u8>> {
        let folder = self.dir().join("mail").join(MAILBOX).join("new");
        let all = || -> Vec<Vec<u8>> {
            let Ok(entries) = fs::read_dir(&folder) else {
                return Vec::new();
            };
            let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
            paths.sort();
            paths.iter().map(|p| fs::read(p).unwrap()).collect()
        };
        let begun = Instant::now();
        loop {
            let mails = all();
            if mails.len() >= n || begun.elapsed() > Duration::from_secs(20) {
                assert_eq!(mails.len(), n, "{}", self.logs());
                return mails;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn files(&self, dkim: &str) {
        let dir = self.dir();
        let owned = |name: &str, user: u32, group: u32, mode: u32| {
            let path = dir.join(name);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            chown(&path, Some(user), Some(group)).unwrap();
        };
        chown(&dir, Some(OPENDKIM), None).unwrap();
        owned("postfix-data", POSTFIX, 0, 0o700);
        owned("mail", VMAIL, VMAIL, 0o700);
        owned("postgrey", POSTGREY, POSTGREY, 0o700);
        owned("dovecot", 0, 0, 0o755);
        owned("dovecot-state", 0, 0, 0o755);
        owned("spool", 0, 0, 0o755);
        for queue in [
            "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
            "private", "saved", "trace",
        ] {
            owned(&format!("spool/{queue}"), POSTFIX, 0, 0o700);
        }
        owned("spool/maildrop", POSTFIX, POSTDROP, 0o730);
        owned("spool/public", POSTFIX, POSTDROP, 0o710);
        owned("spool/pid", 0, 0, 0o755);
        let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
        // Postfix takes mail for one whom Dovecot does not know, and so sends it back later.
        let all = [MAILBOX, LOGIN.0, CROSS, GONE].map(|a| format!("{a} x\n"));
        write("recipients", &all.concat());
        let at = &self.inner;
        write(
            "users",
            &format!(
                "{}:{}:{VMAIL}:{VMAIL}::{at}/mail/a::\n{MAILBOX}:open:{VMAIL}:{VMAIL}::{at}/mail/b::\n{CROSS}:open:{VMAIL}:{VMAIL}::{at}/mail/c::\n",
                LOGIN.0, LOGIN.1
            ),
        );
        write("dkim-keys", &format!("{dkim}\n"));
        write("server.cnf", include_str!("server.cnf"));
        self.certify("root", "root", &[]);
        self.certify("server", "cert", &["-CA", "root.pem", "-CAkey", "root.key"]);
        let mut whole = fs::File::create(dir.join("server.pem")).unwrap();
        for part in ["cert.key", "cert.pem"] {
            whole.write_all(&fs::read(dir.join(part)).unwrap()).unwrap();
        }
        // Postgrey reads these wherever its own are.
        let lists = self.root.join("etc/postgrey");
        fs::create_dir_all(&lists).unwrap();
        for list in ["whitelist_clients", "whitelist_recipients"] {
            fs::write(lists.join(list), "").unwrap();
        }
    }

    /// Makes a key and a certificate by a section of the configuration.
    fn certify(&self, section: &str, name: &str, signer: &[&str]) {
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args(["-config", "server.cnf", "-extensions", section])
            .args([
                "-keyout",
                &format!("{name}.key"),
                "-out",
                &format!("{name}.pem"),
            ])
            .args(signer)
            .current_dir(self.dir())
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    }

    fn run(&mut self, program: &str, arguments: &[&str]) {
        let name = Path::new(program).file_name().unwrap().to_string_lossy();
        let out = fs::File::create(self.dir().join(format!("{name}.out"))).unwrap();
        let child = Command::new("chroot")
            .arg(&self.root)
            .arg(program)
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        self.children.push((name.into_owned(), child));
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "not within 30 s: {what}\n{}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the servers said, for a test that fails.
    pub(crate) fn logs(&self) -> String {
        let mut said = String::new();
        for entry in fs::read_dir(self.dir()).unwrap() {
            let path = entry.unwrap().path();
            let wanted = path.extension().is_some_and(|e| e == "log" || e == "out");
            if wanted {
                let text = fs::read(&path).unwrap_or_default();
                said.push_str(&format!(
                    "{}\n{}\n",
                    path.display(),
                    String::from_utf8_lossy(&text)
                ));
            }
        }
        said
    }
}

impl Drop for MailServers {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            end(child);
        }
        let _ = fs::remove_dir_all(self.dir());
    }
}

/// Asked first: each has children of its own, and ends them.
fn end(child: &mut Child) {
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let begun = Instant::now();
    while child.try_wait().is_ok_and(|ended| ended.is_none()) {
        if begun.elapsed() > Duration::from_secs(5) {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes whose parent is `pid`.
fn children_of(pid: u32) -> Vec<String> {
    let is_child = |name: &String| {
        let stat = fs::read_to_string(format!("/proc/{name}/stat")).unwrap_or_default();
        let rest = stat.rsplit(") ").next().unwrap_or_default();
        rest.split(' ').nth(1) == Some(&pid.to_string())
    };
    let names = fs::read_dir("/proc").unwrap().flatten();
    let names = names.map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter(is_child).collect()
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Ports that nobody listens at; held together, so that no two are one.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: Vec<TcpListener> = (0..N)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let mut ports = held.iter().map(|l| l.local_addr().unwrap().port());
    std::array::from_fn(|_| ports.next().unwrap())
}
