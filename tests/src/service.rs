//! Any outside service over HTTP that fails as [`Faults`] say, and notes which calls it was asked to do.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::faults::Faults;
use crate::ledger::Said;
use crate::server::{Request, Server};

pub struct Service {
    server: Server,
    calls: Arc<Mutex<Vec<Asked>>>,
}

/// A call that arrived and was done; again with the same key it is the same one.
#[derive(Clone, Debug)]
pub struct Asked {
    pub key: String,
    pub body: Value,
    /// When it arrived first.
    pub at: Instant,
}

impl Service {
    /// `answer` depends on the request alone.
    pub fn start(seed: u64, answer: impl Fn(&Request) -> Said + Send + Sync + 'static) -> Self {
        let calls = Arc::<Mutex<Vec<Asked>>>::default();
        let (noted, faults) = (Arc::clone(&calls), Faults::new(seed));
        let server = Server::start(move |request| {
            faults.answer(&request, |request| {
                let mut noted = noted.lock().expect("no thread panicked");
                let same = |asked: &Asked| asked.key == request.key && asked.body == request.body;
                if !noted.iter().any(same) {
                    noted.push(Asked {
                        key: request.key.clone(),
                        body: request.body.clone(),
                        at: Instant::now(),
                    });
                }
                answer(request)
            })
        });
        Service { server, calls }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Each call once, in the order in which they arrived first. A key that was used for two requests is there twice.
    pub fn calls(&self) -> Vec<Asked> {
        self.calls.lock().expect("no thread panicked").clone()
    }
}
