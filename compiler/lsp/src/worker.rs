//! The thread that answers: jobs in their order, one at a time; what was cancelled or is out of date is not begun.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crossbeam_channel::{Receiver, Sender};
use gen_lsp_types::{ErrorCodes, LspErrorCodes};
use lsp_server::{Message, Request, RequestId, Response};

use crate::documents::Documents;
use crate::handlers::{self, Context, Refusal};
use crate::projects::Projects;
use crate::publish::Published;
use crate::server::Settings;

/// What loop and worker both look at.
#[derive(Default)]
pub struct Shared {
    /// Counts the changes of texts.
    pub generation: AtomicU64,
    /// When each text was changed last: by the count of all changes.
    changed: Mutex<BTreeMap<PathBuf, u64>>,
    /// The requests that have no answer yet, and whether they were cancelled.
    open: Mutex<BTreeMap<String, bool>>,
}

impl Shared {
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Something has changed: this text, or what nobody knows.
    pub fn change(&self, path: Option<&Path>) {
        let now = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        let mut changed = self.changed.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(path) = path {
            changed.insert(path.to_path_buf(), now);
        }
    }

    /// Whether a request that was made at a count of changes is about a text that is another one now. What was asked about one
    /// text alone is right as long as that text stays: its answer is as true as it was when it was asked for.
    fn is_old(&self, generation: u64, about: Option<&Path>) -> bool {
        match about {
            None => self.generation() != generation,
            Some(path) => {
                let changed = self.changed.lock().unwrap_or_else(|e| e.into_inner());
                changed.get(path).is_some_and(|at| *at > generation)
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.open.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// A request has come.
    pub fn expect(&self, id: &RequestId) {
        self.open().insert(id.to_string(), false);
    }

    /// Nobody wants the answer any more. Of what is answered already nothing is remembered.
    pub fn cancel(&self, id: &RequestId) {
        if let Some(cancelled) = self.open().get_mut(&id.to_string()) {
            *cancelled = true;
        }
    }

    fn is_cancelled(&self, id: &RequestId) -> bool {
        self.open().get(&id.to_string()) == Some(&true)
    }

    fn answered(&self, id: &RequestId) {
        self.open().remove(&id.to_string());
    }
}

/// Something to do, with the texts of the moment it was asked for.
pub struct Job {
    pub generation: u64,
    pub documents: Documents,
    pub programs: Arc<Vec<PathBuf>>,
    pub task: Task,
}

pub enum Task {
    Answer(Request),
    /// Tell the editor what is wrong in all files.
    Publish,
}

/// Works until the loop ends.
pub fn work(
    settings: &Settings,
    jobs: &Receiver<Job>,
    out: &Sender<Message>,
    shared: &Arc<Shared>,
    before: &dyn Fn(&str),
) {
    let mut projects = Projects::default();
    let mut published = Published::default();
    let mut waiting: VecDeque<Job> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match jobs.recv() {
                Ok(job) => waiting.push_back(job),
                Err(_) => return,
            }
        }
        waiting.extend(jobs.try_iter());
        // Answers first: somebody waits for them. Of several wishes to publish the last is enough.
        let answer = waiting
            .iter()
            .position(|job| matches!(job.task, Task::Answer(_)));
        let Some(job) = (match answer {
            Some(at) => waiting.remove(at),
            None => waiting.drain(..).next_back(),
        }) else {
            continue;
        };
        projects.at(job.generation);
        match job.task {
            Task::Answer(request) => {
                let id = request.id.clone();
                let about = handlers::about_one_text(&request);
                let is_void = || {
                    if shared.is_cancelled(&id) {
                        return Some(cancelled());
                    }
                    let is_old = shared.is_old(job.generation, about.as_deref());
                    is_old.then(modified)
                };
                let result = match is_void() {
                    Some(refusal) => Err(refusal),
                    None => {
                        let mut cx = Context {
                            projects: &mut projects,
                            documents: &job.documents,
                            settings,
                            programs: &job.programs,
                        };
                        let result = guarded(|| {
                            before(&request.method);
                            handlers::answer(&mut cx, request)
                        });
                        if let Err(refusal) = &result
                            && refusal.code == i32::from(ErrorCodes::InternalError)
                        {
                            projects.forget();
                        }
                        is_void().map_or(result, Err)
                    }
                };
                shared.answered(&id);
                let response = match result {
                    Ok(value) => Response::new_ok(id, value),
                    Err(refusal) => Response::new_err(id, refusal.code, refusal.message),
                };
                let _ = out.send(response.into());
            }
            Task::Publish if shared.generation() == job.generation => {
                let mut cx = Context {
                    projects: &mut projects,
                    documents: &job.documents,
                    settings,
                    programs: &job.programs,
                };
                let mut all = guarded(|| Ok(published.notifications(&mut cx)));
                if all.is_err() {
                    // What was taken over may have been the reason: once more from the beginning.
                    cx.projects.forget();
                    all = guarded(|| Ok(published.notifications(&mut cx)));
                }
                match all {
                    Ok(all) => all.into_iter().for_each(|n| drop(out.send(n.into()))),
                    Err(_) => projects.forget(),
                }
            }
            Task::Publish => {}
        }
    }
}

/// Runs something; a panic in it is a refusal.
pub fn guarded<T>(run: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| said.to_string()));
        Err(Refusal {
            code: i32::from(ErrorCodes::InternalError),
            message: format!(
                "this is a mistake in weir, and the server goes on: {}",
                said.unwrap_or_default()
            ),
        })
    })
}

fn cancelled() -> Refusal {
    Refusal {
        code: i32::from(LspErrorCodes::RequestCancelled),
        message: "cancelled".into(),
    }
}

fn modified() -> Refusal {
    Refusal {
        code: i32::from(LspErrorCodes::ContentModified),
        message: "the text has changed meanwhile".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_error_of_one_request() {
        let refused = guarded::<()>(|| panic!("over {}", "there")).unwrap_err();
        assert_eq!(refused.code, -32603);
        assert!(
            refused.message.ends_with("over there"),
            "{}",
            refused.message
        );
        assert_eq!(guarded(|| Ok(1)).ok(), Some(1));
    }
}
