//! Runs one step of a strand: its frames one after the other, innermost first, in one transaction.
//!
//! A frame that ends gives its value to the frame around it, which goes on in the same step, until the last one has ended or one
//! suspends again.

use weir_contract::CrashReason;
use weir_contract::border::{
    OUTPUT_DENIED, OUTPUT_FAILED, OUTPUT_OK, OUTPUT_SUSPENDED, StepInput, encode_caller,
};
use weir_contract::manifest::Manifest;

use crate::effects::{Frame, Pause, Place, Wait};
use crate::given::as_result;
use crate::known::known_wait;
use crate::machine::Call;
use crate::steps::{Crash, Steps};
use crate::transaction::Transaction;

/// What a step is to do.
pub(crate) struct Work<'a> {
    pub manifest: &'a Manifest,
    /// What the run was started as.
    pub target: Place,
    /// Outermost first; at least one.
    pub frames: &'a [Frame],
    /// The innermost frame's result, encoded.
    pub given: Vec<u8>,
    /// Key of the run's instance.
    pub key: &'a [u8],
    /// As the border has it.
    pub caller: &'a [u8],
    /// The program itself calls, or goes on.
    pub inside: bool,
    pub time: i64,
}

/// The caller as steps are given it.
pub(crate) fn caller_of(call: &Call) -> Vec<u8> {
    encode_caller(&call.caller, call.roles.iter().map(String::as_str))
}

/// The frame that a call begins with.
pub(crate) fn first_frame(call: &Call) -> Frame {
    Frame {
        place: Place::Function(call.function),
        cells: call.args.as_slice().into(),
    }
}

impl<'a> Work<'a> {
    /// The first step of a call from outside; `first` is its [`first_frame`], `caller` as the border has it.
    pub fn of_call(
        manifest: &'a Manifest,
        call: &'a Call,
        first: &'a Frame,
        caller: &'a [u8],
        time: i64,
    ) -> Work<'a> {
        Work {
            manifest,
            target: first.place,
            frames: std::slice::from_ref(first),
            given: Vec::new(),
            key: &call.keys,
            caller,
            inside: false,
            time,
        }
    }

    /// Bytes of its record that do not come of the step.
    pub fn used(&self) -> usize {
        let cells = self.frames.iter().map(|frame| frame.cells.len());
        self.key.len() + self.caller.len() + cells.sum::<usize>()
    }
}

/// How it ended: the strand's last output, or that it goes on.
pub(crate) enum Driven {
    Output(Vec<u8>),
    Suspended(Pause),
}

pub(crate) fn drive(
    steps: &mut dyn Steps,
    work: &Work<'_>,
    mut on: Transaction,
) -> (Transaction, Result<Driven, Crash>) {
    let mut given = work.given.clone();
    for (index, frame) in work.frames.iter().enumerate().rev() {
        let Some(code) = Code::of(work.manifest, frame.place) else {
            return (on, broken("a frame of another program"));
        };
        let args = match given.is_empty() {
            true => &*frame.cells,
            false => {
                given.extend_from_slice(&frame.cells);
                &given
            }
        };
        let input = StepInput {
            time_us: work.time,
            key: if code.wants_key { work.key } else { &[] },
            caller: work.caller,
            inside: work.inside,
            args,
        };
        let (back, output) = steps.run(code.entry, input, on);
        on = back;
        let output = match output {
            Ok(output) => output,
            Err(crash) => return (on, Err(crash)),
        };
        if !on.asking.frames.is_empty() && output.first() != Some(&OUTPUT_SUSPENDED) {
            return (on, broken("frames of a step that has ended"));
        }
        match output.first() {
            Some(&OUTPUT_SUSPENDED) => {
                let popped = work.frames.len() - index;
                let result = pause(work, &mut on, popped);
                return (on, result.map(Driven::Suspended));
            }
            Some(&OUTPUT_FAILED) if !code.can_fail => {
                return (on, broken("a failure where there is none"));
            }
            Some(&(OUTPUT_OK | OUTPUT_FAILED | OUTPUT_DENIED)) if index == 0 => {
                return (on, Ok(Driven::Output(output)));
            }
            Some(&(OUTPUT_OK | OUTPUT_FAILED)) => {
                given = match code.can_fail {
                    true => as_result(&output),
                    false => output[1..].to_vec(),
                };
            }
            _ => return (on, broken("an output that is none")),
        }
    }
    (on, broken("a strand without frames"))
}

/// What is known of a place before it runs.
struct Code {
    entry: u32,
    wants_key: bool,
    /// Then it gives the frame around it a `Result`.
    can_fail: bool,
}

impl Code {
    fn of(manifest: &Manifest, place: Place) -> Option<Code> {
        Some(match place {
            Place::Function(n) => {
                let function = manifest.functions.get(n as usize)?;
                Code {
                    entry: function.entry,
                    wants_key: function.entity.is_some(),
                    can_fail: !function.fails.is_empty(),
                }
            }
            Place::Frame(n) => {
                let frame = manifest.frames.get(n as usize)?;
                Code {
                    entry: frame.entry,
                    wants_key: frame.entity.is_some(),
                    can_fail: !frame.fails.is_empty(),
                }
            }
            Place::Test(entry) => Code {
                entry,
                wants_key: false,
                can_fail: true,
            },
        })
    }
}

fn pause(work: &Work<'_>, on: &mut Transaction, popped: usize) -> Result<Pause, Crash> {
    let mut frames = std::mem::take(&mut on.asking.frames);
    frames.reverse();
    let Some((kind, operands)) = on.asking.wait.take() else {
        return broken("it waits for nothing");
    };
    let wait = Wait::decode(kind, &operands);
    if !wait.is_ok_and(|wait| known_wait(work.manifest, work.target, &wait).is_ok()) {
        return broken("it waits for what is not there");
    }
    if frames.is_empty() {
        return broken("it has no way to go on");
    }
    let left = &work.frames[..work.frames.len() - popped];
    let bytes: usize = left.iter().chain(&frames).map(|f| f.cells.len()).sum();
    if bytes > work.manifest.limits.frame_bytes() {
        let detail = format!("its frames have {bytes} bytes");
        return Err(Crash::new(0, CrashReason::StepTooLarge, detail));
    }
    Ok(Pause {
        popped: popped as u32,
        frames,
        kind,
        operands,
    })
}

/// The module does what its manifest does not say.
pub(crate) fn broken<T>(what: &str) -> Result<T, Crash> {
    let detail = format!("the module breaks its manifest: {what}");
    Err(Crash::new(0, CrashReason::Unreachable, detail))
}
