//! Asks a running node: one request over a plain socket, which is all that `weir log`, `weir state` and `weir runs` need.

use crate::output::{Failure, Outcome};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);
/// For what has much to read first.
const SLOW: Duration = Duration::from_secs(600);
/// What a node may answer at most: more is not for a terminal, and `--limit` pages.
const BODY_BYTES_MAX: u64 = 256 << 20;

pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// Sends `GET path` to a node, `url` being what its ready line said: `http://HOST:PORT`.
pub fn get(url: &str, path: &str) -> Outcome<Reply> {
    ask(url, "GET", path, "")
}

/// Sends `POST path` with a JSON body.
pub fn post(url: &str, path: &str, body: &str) -> Outcome<Reply> {
    ask(url, "POST", path, body)
}

/// The same of what may take minutes.
pub fn post_slowly(url: &str, path: &str, body: &str) -> Outcome<Reply> {
    let host = host(url)?;
    let mut whole = Vec::new();
    let sent = open(host, "POST", path, body, SLOW);
    let read = sent.and_then(|socket| socket.take(BODY_BYTES_MAX).read_to_end(&mut whole));
    let reply = read.and_then(|_| parse(&whole).ok_or_else(not_http));
    reply.map_err(|error| nobody(url, error))
}

/// Sends `GET path` and writes the body out as it comes.
pub fn download(url: &str, path: &str, out: &mut dyn Write) -> Outcome {
    let host = host(url)?;
    let mut socket = open(host, "GET", path, "", SLOW).map_err(|error| nobody(url, error))?;
    let broken = |error: std::io::Error| {
        Failure::new(format_args!("the content did not arrive whole: {error}"))
    };
    let mut start = Vec::new();
    let behind = loop {
        if let Some(at) = start.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let mut part = [0; 4096];
        match socket.read(&mut part).map_err(broken)? {
            0 => return Err(nobody(url, not_http())),
            n => start.extend_from_slice(&part[..n]),
        }
    };
    let head = String::from_utf8_lossy(&start[..behind]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap_or_default();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length: Option<u64> = length.and_then(|length| length.trim().parse().ok());
    let (Some(length), "200") = (length, status) else {
        socket.read_to_end(&mut start).map_err(broken)?;
        let reply = parse(&start).ok_or_else(|| nobody(url, not_http()))?;
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let why = json["reason"].as_str().unwrap_or(&reply.body).to_owned();
        return Err(Failure::new(format_args!(
            "the node at {url} answered {status}: {why}"
        )));
    };
    let first = &start[behind..];
    out.write_all(first).map_err(broken)?;
    let rest = length.saturating_sub(first.len() as u64);
    let copied = std::io::copy(&mut socket.take(rest), out).map_err(broken)?;
    match copied == rest {
        true => Ok(()),
        false => Err(broken(std::io::ErrorKind::UnexpectedEof.into())),
    }
}

fn ask(url: &str, method: &str, path: &str, body: &str) -> Outcome<Reply> {
    let host = host(url)?;
    exchange(host, method, path, body).map_err(|error| nobody(url, error))
}

fn nobody(url: &str, error: std::io::Error) -> Failure {
    Failure::new(format_args!("no node answers at {url}: {error}"))
        .next("start one with `weir run FILE`, or read a directory with --data DIR")
}

fn not_http() -> std::io::Error {
    std::io::Error::other("the answer is not HTTP")
}

/// `127.0.0.1:7878`
fn host(url: &str) -> Outcome<&str> {
    url.strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'))
        .filter(|host| !host.is_empty() && !host.contains('/'))
        .ok_or_else(|| {
            Failure::usage(format_args!("`{url}` is not the address of a node"))
                .next("give it as the node printed it: --url http://127.0.0.1:7878")
        })
}

fn exchange(host: &str, method: &str, path: &str, body: &str) -> std::io::Result<Reply> {
    let socket = open(host, method, path, body, WAIT)?;
    let mut bytes = Vec::new();
    socket.take(BODY_BYTES_MAX).read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(not_http)
}

/// A connection with the request sent.
fn open(
    host: &str,
    method: &str,
    path: &str,
    body: &str,
    wait: Duration,
) -> std::io::Result<TcpStream> {
    let address = host
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::other("the host has no address"))?;
    let mut socket = TcpStream::connect_timeout(&address, WAIT)?;
    socket.set_read_timeout(Some(wait))?;
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(socket)
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..split]).ok()?;
    let body = &bytes[split + 4..];
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let chunked = lines.any(|line| line.eq_ignore_ascii_case("transfer-encoding: chunked"));
    let body = if chunked {
        unchunk(body)?
    } else {
        body.to_vec()
    };
    Some(Reply {
        status,
        body: String::from_utf8(body).ok()?,
    })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size =
            usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?.trim(), 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_and_chunked_bodies() {
        let plain = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").unwrap();
        assert_eq!((plain.status, plain.body.as_str()), (200, "[]"));
        let chunked =
            parse(b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n3\r\na\":\r\n0\r\n\r\n").unwrap();
        assert_eq!((chunked.status, chunked.body.as_str()), (404, "{\"a\":"));
    }

    #[test]
    fn refuses_what_is_not_an_address() {
        assert!(get("127.0.0.1:1", "/").is_err());
        assert!(get("http://", "/").is_err());
    }
}
