//! A payment service over HTTP that fails in every way a service can, and never charges twice for one key.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::server::Server;

pub struct Payments {
    server: Server,
    ledger: Arc<Mutex<Ledger>>,
}

impl Payments {
    pub fn start(seed: u64) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (books, faults) = (Arc::clone(&ledger), Faults::new(seed));
        let server = Server::start(move |request| {
            faults.answer(&request, |request| {
                let mut books = books.lock().expect("no thread panicked");
                books.ask(&request.function, &request.key, &request.body)
            })
        });
        Payments { server, ledger }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn set_down(&self, down: bool) {
        self.server.set_down(down);
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no thread panicked")
    }
}
