//! The temporary data of a program, as the manifest has it: put together from the entries that make it.

use weir_contract::Type;
use weir_contract::scratch::{Scratch, ScratchCode, ScratchTasks};
use weir_flow::ir::{self, EntryKind, ScratchPart};

pub fn scratches(module: &ir::Module) -> Vec<Scratch> {
    let mut found: Vec<Scratch> = Vec::new();
    for (entry, number) in module.entries.iter().zip(0..) {
        let EntryKind::Scratch(part) = entry.kind else {
            continue;
        };
        let Some((name, _)) = entry.name.rsplit_once('/') else {
            unreachable!("{} has no name", entry.name);
        };
        let gives = module.func(entry.func).ret.clone();
        let made_from = &entry.params[0].ty;
        let at = match found.iter().position(|scratch| scratch.name == name) {
            Some(at) => at,
            None => {
                found.push(Scratch {
                    name: name.to_owned(),
                    made_from: made_from.clone(),
                    gives: gives.clone(),
                    code: ScratchCode::Whole(number),
                });
                found.len() - 1
            }
        };
        let scratch = &mut found[at];
        let taken = |at: usize| item(&entry.params[at].ty);
        match (part, &mut scratch.code) {
            (ScratchPart::Whole, _) => {}
            (ScratchPart::Source, _) => scratch.code = tasks(Some(number)),
            (ScratchPart::Each, code) => {
                let source = match code {
                    ScratchCode::Tasks(tasks) => tasks.source,
                    ScratchCode::Whole(_) => None,
                };
                *code = ScratchCode::Tasks(ScratchTasks {
                    source,
                    item: taken(1),
                    each: number,
                    row: item(&gives),
                    finish: None,
                    key: None,
                });
                scratch.gives = gives;
            }
            (_, ScratchCode::Tasks(tasks)) => {
                tasks.finish = Some(number);
                scratch.gives = gives;
                if part == ScratchPart::Groups
                    && let (Type::Tuple(row), Type::Tuple(pair)) =
                        (&tasks.row, item(&scratch.gives))
                {
                    tasks.key = Some(row[0].ty.clone());
                    scratch.gives = Type::List(Box::new(pair[1].ty.clone()));
                }
            }
            (part, code) => unreachable!("{part:?} behind {code:?}"),
        }
    }
    found
}

/// Filled in by the entries that follow.
fn tasks(source: Option<u32>) -> ScratchCode {
    ScratchCode::Tasks(ScratchTasks {
        source,
        item: Type::Unit,
        each: 0,
        row: Type::Unit,
        finish: None,
        key: None,
    })
}

fn item(list: &Type) -> Type {
    match list {
        Type::List(item) => (**item).clone(),
        other => unreachable!("{other:?} is no list"),
    }
}
