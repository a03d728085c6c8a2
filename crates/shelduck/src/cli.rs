//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Analytics in one binary: web visits, in an embedded DuckDB, behind one strict gate.
#[derive(Debug, Parser)]
#[command(
    name = "shelduck",
    version,
    arg_required_else_help = true,
    after_help = "Examples:\n  shelduck demo                          look at everything with sample data\n  shelduck init && shelduck serve        \
                  set up and run here\n  shelduck site add example.com          count a site\n  shelduck key create --name ci --scope \
                  read:web --expires 90d"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The configuration file; without it ./shelduck.toml when it exists, then the environment.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON document on standard output and nothing else there.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything with 90 days of sample data in a temporary folder, until Ctrl-C.
    #[command(
        after_help = "Examples:\n  shelduck demo\n  shelduck demo --listen 127.0.0.1:0 --json"
    )]
    Demo {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
        listen: SocketAddr,
    },
    /// Write shelduck.toml and the secrets, and print the one-time setup link.
    #[command(after_help = "Example:\n  shelduck init --dir /srv/shelduck")]
    Init {
        /// The folder for the file and the data.
        #[arg(long, default_value = ".", value_name = "DIR")]
        dir: PathBuf,
    },
    /// Serve until a signal ends it.
    Serve,
    /// Check the configuration and the machine; exit 1 when the server would refuse to start.
    Check {
        /// List all options with what they do instead.
        #[arg(long)]
        options: bool,
    },
    /// Ask the running server whether it is ready; exit 1 when it is not, or none runs.
    Health,
    /// Print the policy table: every route with who may call it, how often, from where.
    Routes,
    /// Print the OpenAPI 3.1 document.
    Openapi,
    /// Print a random secret of 64 hexadecimal digits, or replace the server's.
    #[command(
        after_help = "Examples:\n  shelduck secret                  only prints one\n  shelduck secret rotate           a new root secret; sessions \
                      and keys go on\n  shelduck secret retire           some weeks later: the ones of before open nothing any more"
    )]
    Secret {
        /// What to do with the server's own; without it a random one is printed and nothing is changed.
        #[command(subcommand)]
        command: Option<SecretCommand>,
    },
    /// Stop the harm, at once, when something has happened.
    #[command(
        subcommand,
        after_help = "Each is done on the running server, or in its folder when it is stopped, and recorded in the audit log.\nWhat to do \
                      before and after: docs/security/incidents.md"
    )]
    Panic(PanicCommand),
    /// Manage the people who may sign in.
    #[command(
        subcommand,
        after_help = "Examples:\n  shelduck user add ada --role analyst              prints the link by which ada chooses a password\n  \
                      shelduck user add bob --grants web/shop.example   may look at one site\n  shelduck user reset-link ada                      \
                      a new link, when ada forgot it"
    )]
    User(UserCommand),
    /// Manage the keys of programs.
    #[command(
        subcommand,
        after_help = "Example:\n  shelduck key create --name ci --scope read:web --expires 90d --json"
    )]
    Key(KeyCommand),
    /// Manage the sites that are counted.
    #[command(
        subcommand,
        after_help = "Example:\n  shelduck site add example.com --time-zone Europe/Berlin"
    )]
    Site(SiteCommand),
    /// Look at the audit log.
    #[command(subcommand, after_help = "Example:\n  shelduck audit verify --json")]
    Audit(AuditCommand),
    /// Open one database file and exit 0 if that works: run in a process of its own, because a damaged file can end it.
    #[command(hide = true)]
    ProbeFile {
        /// The file.
        path: PathBuf,
    },
}

/// `shelduck secret …`
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum SecretCommand {
    /// Make a new root secret; what the ones before it made is still recognised.
    Rotate,
    /// Forget the root secrets of before; keys that were not used since they were replaced end.
    Retire,
}

/// `shelduck panic …`
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum PanicCommand {
    /// Take every API key back.
    RevokeKeys,
    /// End every session, every token, and every link that resets a password.
    EndSessions,
    /// Make a new root secret, forget all before it, and end every key, session, token and link.
    RotateSecrets,
}

/// `shelduck audit …`
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read all of it and say what is wrong; exit 1 when something is.
    Verify {
        /// A key that heads may be signed with, beside this server's own.
        #[arg(long, value_name = "HEX")]
        public_key: Vec<audit::PublicKey>,
    },
    /// Print the last records.
    Tail {
        /// How many.
        #[arg(long, default_value_t = 20)]
        lines: usize,
        /// Go on with those that come, until interrupted.
        #[arg(long, short)]
        follow: bool,
    },
    /// Print the public key that heads are signed with, to be noted somewhere else.
    Key,
}

/// `shelduck user …`
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person. Without a password, prints the one-time link by which they choose one.
    #[command(
        after_help = "Examples:\n  shelduck user add ada --role analyst\n  shelduck user add bob --role viewer --grants web/shop.example,net\n  \
                      shelduck user add eve --password-file eve.txt"
    )]
    Add {
        /// The name to sign in with.
        name: String,
        /// viewer, analyst, operator, admin or agent.
        #[arg(long, default_value = "viewer")]
        role: String,
        /// Where the role counts: *, a database, or database/site.
        #[arg(long, value_delimiter = ',', value_name = "GRANT", default_value = "*")]
        grants: Vec<String>,
        /// Read the password from the first line of this file; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// List the people.
    List,
    /// Give a person another role; ends their sessions.
    #[command(after_help = "Example:\n  shelduck user role ada operator")]
    Role {
        /// The person.
        name: String,
        /// viewer, analyst, operator, admin or agent.
        role: String,
    },
    /// Say anew where a person's role counts; ends their sessions.
    #[command(
        after_help = "Examples:\n  shelduck user grants ada '*'                      everywhere\n  shelduck user grants ada \
                      web,net                  in two databases\n  shelduck user grants ada web/shop.example         for one site"
    )]
    Grants {
        /// The person.
        name: String,
        /// Where the role counts: *, a database, or database/site.
        #[arg(required = true, value_delimiter = ',', value_name = "GRANT")]
        grants: Vec<String>,
    },
    /// Print a one-time link by which a person chooses a new password; it works for 24 hours.
    #[command(after_help = "Example:\n  shelduck user reset-link ada")]
    ResetLink {
        /// The person.
        name: String,
    },
    /// Take people over from another system, with the hashes of their passwords.
    #[command(
        after_help = "The file has one JSON object a line:\n  {\"username\": \"ada\", \"role\": \"analyst\", \"grants\": [\"web\"], \
                      \"password_hash\": \"$2b$12$...\"}\n\nHashes are bcrypt of cost 10 to 16 or Argon2id; each is replaced when its \
                      owner first signs in.\n\nExamples:\n  shelduck user import people.jsonl\n  export-people | shelduck user import -"
    )]
    Import {
        /// The file; `-` is standard input.
        file: PathBuf,
    },
    /// Set a new password on this machine; ends the person's sessions.
    #[command(
        after_help = "Examples:\n  shelduck user passwd ada\n  shelduck user passwd ada --password-file ada.txt"
    )]
    Passwd {
        /// The person.
        name: String,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Lock a person out at once: sessions and keys end.
    Disable {
        /// The person.
        name: String,
    },
    /// Take all second factors from a person, end the sessions, and allow one sign-in without.
    MfaReset {
        /// The person.
        name: String,
    },
    /// End the locks that failed sign-ins put on a person's account and on this machine's own addresses.
    #[command(
        after_help = "Locks end by themselves. This is for who cannot wait, and for a server behind a proxy that was not declared \
                      (http.trusted_proxies), where all guesses come from this machine.\n\nExample:\n  shelduck user unlock ada"
    )]
    Unlock {
        /// The person.
        name: String,
    },
    /// Let a disabled person in again.
    Enable {
        /// The person.
        name: String,
    },
}

/// Where a password comes from: never from the command line, which other users of the machine can see.
#[derive(Debug, Args)]
pub(crate) struct PasswordSource {
    /// Read the password from the first line of this file instead of asking; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// `shelduck key …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; its secret is shown this once.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may do: action:database, like read:*, query:web, write:web, admin:*.
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPE")]
        scope: Vec<String>,
        /// How long it lives, like 90d (the default).
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
        /// The networks it may be used from.
        #[arg(long, value_delimiter = ',', value_name = "CIDR")]
        cidr: Vec<String>,
    },
    /// Take over a key that programs know already from another system; it works here at once.
    #[command(
        after_help = "The key needs 256 bits: 64 hexadecimal digits, or 43 letters of base64url. auth.keys.short_imports allows 32 \
                      characters.\n\nExamples:\n  shelduck key import --name old --scope read:web --key-file old-key.txt\n  \
                      pass show old-key | shelduck key import --name old --scope read:web"
    )]
    Import {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may do: action:database, like read:*, query:web, write:web, admin:*.
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPE")]
        scope: Vec<String>,
        /// How long it lives from now on, like 90d (the default).
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
        /// The networks it may be used from.
        #[arg(long, value_delimiter = ',', value_name = "CIDR")]
        cidr: Vec<String>,
        /// Read the key from the first line of this file; without it, from standard input.
        #[arg(long, value_name = "FILE", default_value = "-")]
        key_file: PathBuf,
    },
    /// List the keys.
    List,
    /// Make a successor; the old key lives 24 hours more.
    Rotate {
        /// The key's id.
        id: String,
    },
    /// End a key at once.
    Revoke {
        /// The key's id.
        id: String,
    },
}

/// `shelduck site …`
#[derive(Debug, Subcommand)]
pub(crate) enum SiteCommand {
    /// Count a site.
    Add {
        /// Its host name, like example.com.
        domain: String,
        /// The zone its days begin in.
        #[arg(long, default_value = "UTC", value_name = "ZONE")]
        time_zone: String,
    },
    /// List the sites.
    List,
    /// Stop counting a site. Its events stay until they are erased.
    Remove {
        /// Its host name.
        domain: String,
    },
}
