//! What happens to a program from outside: starts of runs, events, time.

use weir_contract::Value;

use super::strand::{LEFT, ME};
use super::{Call, Function, Gen, Ty};

/// What happens from outside. Times are not in it: the first action happens at [`BEGIN_US`].
#[derive(Clone, Debug)]
pub enum Action {
    /// Of a workflow's `run`, or a function that waits.
    Start(Call),
    /// `function` is the event's name.
    Event(Call),
    /// So many microseconds pass.
    Advance(i64),
    /// Of the run that this start began, counted from 0.
    Cancel(usize),
}

/// 2026-01-01T00:00Z
pub const BEGIN_US: i64 = 1_767_225_600_000_000;

const HOUR_US: i64 = 3_600_000_000;

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Action::Start(call) => write!(f, "start {call}"),
            Action::Event(call) => write!(f, "event {call}"),
            Action::Advance(time) => write!(f, "advance {time} us"),
            Action::Cancel(start) => write!(f, "cancel start {start}"),
        }
    }
}

impl Gen {
    /// Starts, events and time, in some order; at the end enough time for all that can end.
    pub fn script(&mut self) -> Vec<Action> {
        let open = (0..self.functions.len()).filter(|i| self.functions[*i].waits);
        let open: Vec<usize> = open.filter(|i| self.functions[*i].is_pub).collect();
        let mut script = Vec::new();
        // Workflows that were started, with their keys.
        let mut started: Vec<(usize, String)> = Vec::new();
        let mut starts = 0;
        for _ in 0..4 + self.size(12) {
            match self.below(10) {
                0..=2 => {
                    let id = self.pick(&open);
                    let again = self.on(15) && !started.is_empty();
                    let (id, key) = match again {
                        true => {
                            let (entity, key) = self.pick(&started);
                            let is_it = |f: &Function| f.is_run && f.entity == Some(entity);
                            let id = self.functions.iter().position(is_it);
                            (id.expect("it was started"), key)
                        }
                        false => (id, format!("s{starts}")),
                    };
                    if let Some(entity) = self.functions[id].entity {
                        started.push((entity, key.clone()));
                    }
                    starts += 1;
                    script.push(Action::Start(self.start_call(id, &key)));
                }
                3..=6 if !started.is_empty() => {
                    let (entity, key) = self.pick(&started);
                    let event = self.pick(&self.entities[entity].events.clone());
                    let args = event.fields.iter().map(|(_, ty)| Some(self.value(ty, 0)));
                    let args = args.collect();
                    let call = self.outside_call(Some((entity, &key)), event.name, args);
                    script.push(Action::Event(call));
                }
                7 if starts > 0 && self.on(20) => script.push(Action::Cancel(self.below(starts))),
                // No timer is due at such a time.
                _ => script.push(Action::Advance(
                    1_000_000 * (1 + self.below(200) as i64) + 137_000,
                )),
            }
        }
        script.push(Action::Advance(10_000 * HOUR_US));
        script
    }

    fn start_call(&mut self, id: usize, key: &str) -> Call {
        let params = self.functions[id].params.iter();
        let params: Vec<(String, Ty)> = params.map(|p| (p.name.clone(), p.ty.clone())).collect();
        let args = params.iter().map(|(name, ty)| {
            Some(match name.as_str() {
                ME => Value::Text(key.to_owned()),
                LEFT => Value::Int(self.below(4) as i64),
                _ => self.value(ty, 0),
            })
        });
        let args = args.collect();
        let instance = self.functions[id].entity.map(|entity| (entity, key));
        self.outside_call(instance, self.functions[id].name.clone(), args)
    }

    fn outside_call(
        &self,
        instance: Option<(usize, &str)>,
        function: String,
        args: Vec<Option<Value>>,
    ) -> Call {
        Call {
            instance: instance.map(|(entity, key)| {
                let keys = vec![Value::Text(key.to_owned())];
                (self.entities[entity].name.clone(), keys)
            }),
            function,
            args,
            caller: "ann".to_owned(),
            roles: Vec::new(),
            time: BEGIN_US,
        }
    }
}
