//! Which ports of loopback the hosts of a world listen on: any free one, or those that somebody chose.

use crate::tls::TlsError;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted.
const QUEUE: u32 = 4096;

/// Without a choice every host takes a port that is free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports {
    /// The first of consecutive ports, which hosts take in turn.
    pub from: Option<u16>,
    /// By host; these come before `from`.
    pub of: BTreeMap<String, u16>,
    /// Where hosts were the last time: theirs again if nobody has taken them meanwhile.
    pub last: BTreeMap<String, u16>,
}

/// The port for one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    This(u16),
    Rather(u16),
    Any,
}

impl Ports {
    pub(crate) fn next(&mut self, host: &str) -> Result<Wanted, TlsError> {
        if let Some(port) = self.of.get(host) {
            return Ok(Wanted::This(*port));
        }
        let Some(mut port) = self.from else {
            return Ok(self.last.get(host).map_or(Wanted::Any, |port| Wanted::Rather(*port)));
        };
        while self.of.values().any(|taken| *taken == port) {
            port = port.checked_add(1).ok_or_else(|| none_left(host))?;
        }
        if port == 0 {
            return Err(none_left(host));
        }
        // After the last port comes none.
        self.from = Some(port.wrapping_add(1));
        Ok(Wanted::This(port))
    }
}

fn none_left(host: &str) -> TlsError {
    format!("`{host}`: no port is left above; name a lower one with `--port`").into()
}

impl Wanted {
    pub(crate) fn bind(self, host: &str) -> Result<TcpListener, TlsError> {
        let bind = |port| listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        match self {
            Wanted::This(port) => bind(port).map_err(|e| {
                format!("`{host}` cannot listen on 127.0.0.1:{port}: {e}\n  `--port` and `--ports` name others").into()
            }),
            Wanted::Rather(port) => match bind(port) {
                Ok(listener) => Ok(listener),
                Err(_) => Ok(bind(0)?),
            },
            Wanted::Any => Ok(bind(0)?),
        }
    }
}

/// With a long queue: a client that finds it full tries again only after a second.
fn listen(at: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A port of a moment ago can be had again; elsewhere this would mean something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(QUEUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_take_ports_in_turn_and_what_is_said_comes_first() {
        let map = |rows: &[(&str, u16)]| rows.iter().map(|(h, p)| (h.to_string(), *p)).collect::<BTreeMap<_, _>>();
        let mut ports = Ports { from: Some(65_533), of: map(&[("b", 65_534)]), last: map(&[("a", 7)]) };
        for (host, wanted) in [("a", 65_533), ("b", 65_534), ("c", 65_535)] {
            assert_eq!(ports.next(host).ok(), Some(Wanted::This(wanted)), "{host}");
        }
        assert!(ports.next("d").is_err_and(|e| e.to_string().contains("no port is left")));
        let mut ports = Ports { last: map(&[("a", 7)]), ..Ports::default() };
        for (host, wanted) in [("a", Wanted::Rather(7)), ("b", Wanted::Any)] {
            assert_eq!(ports.next(host).ok(), Some(wanted), "{host}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_an_error_where_it_was_chosen() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let taken = Wanted::Any.bind("a").unwrap();
            let port = taken.local_addr().unwrap().port();
            let told = Wanted::This(port).bind("a").unwrap_err().to_string();
            assert!(
                told.contains(&format!("`a` cannot listen on 127.0.0.1:{port}")) && told.contains("--port"),
                "{told}"
            );
            assert!(Wanted::Rather(port).bind("a").is_ok());
        });
    }
}
