//! A small bank whose steps are plain functions, and a client that writes requests byte by byte.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value as Json, json};
use weir_contract::border::{OUTPUT_DENIED, OUTPUT_FAILED, OUTPUT_OK, StepInput};
use weir_contract::encode::{Reader, put_bytes, put_int, put_varint};
use weir_contract::{CrashReason, Manifest};
use weir_machine::{Crash, StateAccess, Steps, Transaction};
use weir_node::Program;

/// Account(owner) { pub state balance: Int = 0, state notes: List<Text> }, handlers deposit, withdraw, spoil, note;
/// top level: total (read), close_books (@role auditor), hello (@anyone).
pub fn manifest() -> Manifest {
    let function = |name: &str, kind: &str, entity: Option<u32>, entry: u32, effect: &str| {
        json!({
            "name": name, "kind": kind, "entity": entity, "entry": entry, "public": true, "params": [],
            "returns": "unit", "fails": [], "effect": effect, "access": "signed_in",
            "plan": { "complete": false, "touches": [] },
        })
    };
    let amount = json!([{ "name": "amount", "ty": "int", "has_default": false }]);
    let mut deposit = function("deposit", "handler", Some(0), 0, "write");
    deposit["params"] = amount.clone();
    deposit["params"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "memo", "ty": "text", "has_default": true }));
    deposit["returns"] = json!("int");
    let mut withdraw = function("withdraw", "handler", Some(0), 1, "write");
    withdraw["params"] = amount;
    withdraw["fails"] = json!([0]);
    withdraw["access"] = json!("allow");
    let spoil = function("spoil", "handler", Some(0), 2, "write");
    let mut balance = function("balance", "field", Some(0), 3, "read");
    balance["returns"] = json!("int");
    let mut whole = function("", "whole", Some(0), 4, "read");
    whole["returns"] = json!({ "tuple": [{ "name": "balance", "ty": "int" }] });
    let mut sum = function("sum", "function", None, 5, "read");
    sum["params"] = json!([{ "name": "line", "ty": { "named": 1 }, "has_default": false }]);
    sum["returns"] = json!("int");
    let mut books = function("close_books", "function", None, 6, "read");
    books["access"] = json!({ "roles": ["auditor"] });
    let mut hello = function("hello", "function", None, 7, "pure");
    hello["access"] = json!("anyone");
    hello["returns"] = json!("text");
    let manifest = json!({
        "version": 1, "program": "bank", "module_sha256": "00112233",
        "defs": [
            { "name": "Insufficient", "kind": { "error": { "fields": [{ "name": "have", "ty": "int" }], "status": 422 } } },
            { "name": "Line", "kind": { "record": { "fields": [
                { "name": "price", "ty": "decimal" }, { "name": "qty", "ty": "int" }] } } },
        ],
        "entities": [{
            "name": "Account", "keys": [{ "name": "owner", "ty": "text" }],
            "fields": [{ "name": "balance", "ty": "int", "public": true }],
            "slots": [{ "path": ["balance"], "kind": { "scalar": "int" } }],
        }],
        "functions": [deposit, withdraw, spoil, balance, whole, sum, books, hello],
        "roles": ["teller"],
        "tests": [],
        "sites": [{ "source": 0, "line": 12, "column": 5, "text": "  balance += amount" }],
        "sources": [{ "path": "bank.weir", "sha256": "ff" }],
    });
    Manifest::from_json(manifest.to_string().as_bytes()).unwrap()
}

/// The steps of [`manifest`].
pub struct Bank;

impl Steps for Bank {
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        let result = step(entry, &input, &mut on);
        (on, result)
    }
}

pub fn program() -> Program {
    Program::new(manifest(), Box::new(Bank))
}

fn step(entry: u32, input: &StepInput<'_>, on: &mut Transaction) -> Result<Vec<u8>, Crash> {
    let account = on.open(0, input.key);
    let balance = on
        .get(account, 0)
        .map_or(0, |bytes| Reader::new(bytes).int().unwrap());
    let mut args = Reader::new(input.args);
    let mut out = vec![OUTPUT_OK];
    let put = |on: &mut Transaction, n: i64| {
        let mut bytes = Vec::new();
        put_int(&mut bytes, n);
        on.put(account, 0, &bytes);
    };
    match entry {
        0 => {
            let Some(new) = balance.checked_add(args.int().unwrap()) else {
                return Err(Crash::new(0, CrashReason::Overflow, ""));
            };
            put(on, new);
            put_int(&mut out, new);
        }
        1 => {
            let caller = Reader::new(input.caller).text().unwrap();
            if input.key != [caller.as_bytes(), &[0, 1]].concat() && caller != "dev" {
                return Ok(vec![OUTPUT_DENIED]);
            }
            let amount = args.int().unwrap();
            if amount > balance {
                out = vec![OUTPUT_FAILED];
                put_varint(&mut out, 0);
                put_int(&mut out, balance);
            } else {
                put(on, balance - amount);
            }
        }
        2 => {
            put(on, -1);
            let broken = CrashReason::InvariantBroken;
            return Err(Crash::new(0, broken, "balance >= 0"));
        }
        3 | 4 => put_int(&mut out, balance),
        5 => {
            args.decimal().unwrap();
            put_int(&mut out, args.int().unwrap());
        }
        6 => {}
        7 => put_bytes(&mut out, b"hello"),
        other => panic!("no entry {other}"),
    }
    Ok(out)
}

/// An answer taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub json: Json,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self
            .head
            .lines()
            .find(|l| l.to_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim())
    }
}

/// One request on a connection of its own; `headers` are whole lines.
pub fn ask(to: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n");
    for header in headers {
        request += &format!("{header}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());
    raw(to, request.as_bytes())
}

pub fn get(to: SocketAddr, path: &str) -> Answer {
    ask(to, "GET", path, &[], "")
}

pub fn post(to: SocketAddr, path: &str, body: &str) -> Answer {
    ask(to, "POST", path, &[], body)
}

/// Sends bytes and reads until the server closes.
pub fn raw(to: SocketAddr, bytes: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(to).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    // The server may answer and close before it has read all.
    let _ = socket.write_all(bytes);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_owned(),
        json: serde_json::from_str(body).unwrap_or(Json::String(body.to_owned())),
    }
}
