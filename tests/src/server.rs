//! A small HTTP server for what lies outside a program: it answers, and misbehaves, as a test tells it to.
//!
//! Each connection carries one request, so that what goes wrong with it touches no other.

use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A call of an extern function as it arrives.
#[derive(Debug)]
pub struct Request {
    /// The last part of the path.
    pub function: String,
    /// `Idempotency-Key`
    pub key: String,
    pub body: Value,
}

/// What the caller gets to see.
#[derive(Debug)]
pub enum Answer {
    Reply(u16, Value),
    /// The same bytes a second time behind the first.
    Twice(u16, Value),
    /// The connection closes after this time without a word.
    Silence(Duration),
}

/// Serves on a port of its own until dropped.
pub struct Server {
    address: SocketAddr,
    down: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
}

impl Server {
    pub fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (down, stopping) = (Arc::default(), Arc::default());
        let server = Server {
            address,
            down: Arc::clone(&down),
            stopping: Arc::clone(&stopping),
        };
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(socket) = socket else { continue };
                if down.load(Ordering::SeqCst) {
                    continue;
                }
                let answer = Arc::clone(&answer);
                // A caller that was killed in the middle is nobody's mistake.
                std::thread::spawn(move || serve(socket, &*answer).ok());
            }
        });
        server
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// While it is down it closes each connection at once.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut socket: TcpStream, answer: &dyn Fn(Request) -> Answer) -> io::Result<()> {
    let request = read(&mut BufReader::new(&socket))?;
    let (reply, times) = match answer(request) {
        Answer::Reply(status, body) => (render(status, &body), 1),
        Answer::Twice(status, body) => (render(status, &body), 2),
        Answer::Silence(time) => {
            std::thread::sleep(time);
            return Ok(());
        }
    };
    socket.write_all(reply.repeat(times).as_bytes())
}

fn read(socket: &mut impl BufRead) -> io::Result<Request> {
    let first = line(socket)?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let mut request = Request {
        function: path.rsplit('/').next().unwrap_or_default().to_owned(),
        key: String::new(),
        body: json!(null),
    };
    let mut length = 0;
    loop {
        let header = line(socket)?;
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => {
                request.key = value.trim().to_owned();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    request.body = serde_json::from_slice(&body)?;
    Ok(request)
}

fn line(socket: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if socket.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn render(status: u16, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
