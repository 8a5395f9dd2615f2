//! One call over HTTP: arguments in, a step, the answer out.

use std::sync::Arc;

use hyper::{HeaderMap, Method, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;
use weir_contract::manifest::{Access, Effect};
use weir_contract::{Blob, limits};
use weir_machine::Call;

use super::Shared;
use super::args::{args_of, takes_entries};
use super::outcome::{POSITION, refused};
use super::reply::{Problem, Reply};
use super::request::{Body, caller, idempotency_key, if_match, text};
use super::route::{Target, find};
use super::runs::finish;
use crate::core::Refusal;
use crate::program::Caller;

/// A request with its body read.
pub(super) struct Asked {
    pub method: Method,
    pub segments: Vec<String>,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Body,
    /// What the body was, where it is a parameter and not JSON: then `body` is empty.
    pub blob: Option<Blob>,
}

impl Asked {
    /// Whether its method only looks.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

pub(super) async fn answer(shared: &Arc<Shared>, asked: &Asked) -> Result<Reply, Problem> {
    // A reload between reading the request and running it makes it be read again, by the new program.
    for _ in 0..3 {
        let program = shared.door.program();
        let Target {
            function: number,
            keys,
            in_path,
        } = find(&program, &asked.method, &asked.segments)?;
        let function = &program.functions[number as usize];
        let caller = caller(&asked.headers, &program)?;
        check_position(shared, &asked.headers)?;
        check_access(&function.access, &caller)?;
        let args = args_of(shared, &program, number, in_path, asked)?;
        if args.len() > limits::ARGS_MAX {
            return Err(Problem::new(
                413,
                "PayloadTooLarge",
                "the arguments are too long",
            ));
        }
        let call = Call {
            function: number,
            caller: caller.id,
            roles: caller.roles,
            keys,
            args,
            idempotency: match asked.is_read() {
                true => None,
                false => idempotency_key(&asked.headers)?,
            },
            if_match: match function.effect {
                Effect::Write if function.entity.is_some() => if_match(&asked.headers)?,
                _ => None,
            },
        };
        let (sender, receiver) = oneshot::channel();
        shared.door.call_here(call, program.clone(), move |result| {
            // The client may have gone; the step stands all the same.
            let _ = sender.send(result);
        });
        match receiver.await {
            Ok(Ok(done)) => {
                let mut reply = finish(shared, asked, &program, number, done).await?;
                if takes_entries(&program, number) && reply.status() == StatusCode::OK {
                    // They are there; whoever consumes them does so later.
                    *reply.status_mut() = StatusCode::ACCEPTED;
                }
                return Ok(reply);
            }
            Ok(Err(Refusal::Stale)) => continue,
            Ok(Err(refusal)) => return Err(refused(refusal)),
            Err(_) => return Err(Problem::unavailable("the node is stopping")),
        }
    }
    Err(Problem::unavailable("the program is being replaced"))
}

pub(super) fn check_access(access: &Access, caller: &Caller) -> Result<(), Problem> {
    let roles = match access {
        Access::Anyone => return Ok(()),
        _ if caller.id.is_empty() => {
            return Err(Problem::new(401, "Unauthorized", "sign in to call this"));
        }
        // Whether `allow` accepts the caller only the step can tell.
        Access::SignedIn | Access::Allow => return Ok(()),
        Access::Roles(roles) => roles,
    };
    if roles.iter().any(|role| caller.roles.contains(role)) {
        return Ok(());
    }
    let reason = format!("this needs the role {}", roles.join(" or "));
    Err(Problem::new(403, "Forbidden", reason))
}

/// A client that has seen a position is never shown what was before it: a log that has not come so far is another one, or was put
/// back to an earlier state.
fn check_position(shared: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(text) = text(headers, &POSITION)? else {
        return Ok(());
    };
    let seen: u64 = text
        .parse()
        .map_err(|_| Problem::bad_request("Weir-Position: expected a number"))?;
    let here = shared.door.position();
    if seen <= here {
        return Ok(());
    }
    let problem = Problem::unavailable("the log has not come to the position that you have seen");
    Err(problem.with("position", json!(here)))
}
