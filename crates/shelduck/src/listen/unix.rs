//! The local socket for the operator: only the server's user and root get in.
//!
//! The file has mode 0600, and the kernel says who is at the other end, so neither a loose folder nor the moment
//! between creating the file and setting its mode lets anyone else in.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gate::http::Peer;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::activity::Protocol;
use super::caps::Caps;
use super::config::ListenConfig;
use super::connection::{Handler, Server};
use super::tcp::{ListenError, rest_if_exhausted};

/// Open connections of the local socket.
const CONNECTIONS_MAX: usize = 64;
const ROOT: u32 = 0;

/// A bound local socket; the file goes when this does.
pub(crate) struct UnixSocketListener {
    socket: UnixListener,
    file: SocketFile,
    config: Arc<ListenConfig>,
}

impl UnixSocketListener {
    /// Makes the socket file, in place of one that no process answers on. Of `config` the deadlines and request bounds
    /// apply. Must run inside a tokio runtime.
    pub(crate) fn bind(
        path: impl Into<PathBuf>,
        config: ListenConfig,
    ) -> Result<Self, ListenError> {
        let path = path.into();
        remove_stale(&path)?;
        let socket = UnixListener::bind(&path).map_err(socket_error("create", &path))?;
        let file = SocketFile(path);
        fs::set_permissions(&file.0, Permissions::from_mode(0o600))
            .map_err(socket_error("protect", &file.0))?;
        Ok(Self { socket, file, config: Arc::new(config) })
    }

    /// Serves until `drain` is cancelled, then finishes what is at work; gives how many tasks had to be cut off.
    pub(crate) async fn serve<S: Handler>(self, service: S, drain: CancellationToken) -> usize {
        let Self { socket, file, config } = self;
        let server = Server::new(service, config, drain.clone());
        let caps = Caps::new(&ListenConfig {
            connections_max: CONNECTIONS_MAX,
            ..ListenConfig::default()
        });
        while let Some(accepted) = drain.run_until_cancelled(socket.accept()).await {
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    rest_if_exhausted(&error).await;
                    continue;
                }
            };
            if is_trusted(&stream)
                && let Ok(slot) = caps.take(None)
            {
                let server_of_task = Arc::clone(&server);
                server.spawn(async move {
                    let (peer, slot) = (Peer::local(), Arc::new(slot));
                    server_of_task.serve(stream, peer, Protocol::Http1, slot).await;
                });
            } else {
                metrics::counter!("shelduck_connections_refused_total", "cap" => "local")
                    .increment(1);
            }
        }
        drop(socket);
        drop(file);
        server.finish().await
    }
}

/// Whether root or our own user is at the other end.
fn is_trusted(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| admits(peer.uid(), rustix::process::geteuid().as_raw()))
}

fn admits(uid: u32, own: u32) -> bool {
    uid == ROOT || uid == own
}

/// Removes a socket that a stopped process left; anything else in the way is an error.
fn remove_stale(path: &Path) -> Result<(), ListenError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(socket_error("look at", path)(error)),
    };
    if !found.file_type().is_socket() {
        return Err(socket_error("replace", path)(io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(ListenError::SocketInUse(path.to_path_buf())),
        Err(_) => fs::remove_file(path).map_err(socket_error("remove", path)),
    }
}

struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.0);
    }
}

fn socket_error(step: &'static str, path: &Path) -> impl Fn(io::Error) -> ListenError {
    let path = path.to_path_buf();
    move |source| ListenError::Socket { step, path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_and_our_own_user_are_let_in() {
        assert!(admits(ROOT, 1000) && admits(1000, 1000) && admits(ROOT, ROOT));
        assert!(!admits(1001, 1000) && !admits(1000, ROOT));
    }
}
