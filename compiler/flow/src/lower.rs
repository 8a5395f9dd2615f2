//! Lowering: checked program -> flow IR.
//!
//! Generic functions are copied for each choice of types, parameters of function type for each function
//! that is passed (lambdas become functions, what they capture becomes arguments), so that calls are direct and
//! types closed. `match` becomes tests, places become functional updates of registers or operations on slots, failures become
//! `Result` values with rollbacks on the way out. Nothing here can fail: the program was checked.

mod body;
mod builder;
mod call;
mod closure;
mod collection;
mod condition;
mod decide;
mod decided;
mod entities;
mod entries;
mod expr;
mod first_keys;
mod fixture;
mod look;
mod loops;
mod merge;
mod message;
mod money;
mod parallel;
mod pattern;
mod place;
mod ranges;
mod scratch;
mod state;
mod streams;
mod trim;
mod types;
mod views;
mod wait;
mod workflows;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use weir_check::hir;
use weir_contract::{CrashReason, Type};
use weir_diagnostics::Span;

use crate::ir::*;
use crate::split::StepNames;
use state::Node;
use types::Places;

/// Lowers a whole program. `files` names the source files by the number their spans carry.
pub fn lower(checked: &hir::Checked, files: Vec<String>) -> Module {
    let places = Places::new(checked);
    let of_library = checked.functions.iter().filter(|f| f.is_prelude);
    let module = Module {
        defs: types::defs(checked, &places),
        files,
        library: of_library.map(|f| f.span.file.0).collect(),
        sites: vec![Site::default()],
        ..Module::default()
    };
    let mut lowering = Lowering {
        checked,
        places,
        module,
        fields: Vec::new(),
        sites: BTreeMap::new(),
        names: BTreeMap::new(),
        captures: BTreeMap::new(),
        instances: BTreeMap::new(),
        copies: 0,
        lambdas: BTreeMap::new(),
        reading: BTreeSet::new(),
        constants: BTreeMap::new(),
        defaults: BTreeMap::new(),
        entry_of: BTreeMap::new(),
        work: VecDeque::new(),
    };
    lowering.entities();
    lowering.externs();
    lowering.streams();
    lowering.entries();
    lowering.stream_entries();
    while let Some((id, key)) = lowering.work.pop_front() {
        lowering.function(id, &key);
    }
    let names = lowering.step_names();
    let mut module = lowering.module;
    let effects = crate::call_graph::effects(&module);
    for func in &mut module.funcs {
        crate::savepoints::drop_idle_rollbacks(func, &effects);
        crate::simplify::simplify(func);
    }
    crate::receipts::fill(&mut module);
    crate::split::split(&mut module, &names);
    crate::plans::fill(&mut module);
    module
}

/// One copy of a function of the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instance {
    function: hir::FnId,
    types: Vec<Type>,
    /// How each parameter arrives.
    params: Vec<Passed>,
    context: Context,
}

/// One copy of a lambda: where it lies in the checked program, types, and how it gets each variable it captures. The
/// same lambda must be the same function, or passing it on in a recursion would never end.
type LambdaKey = (*const hir::Lambda, Vec<Type>, Vec<(Passed, Vec<RegType>)>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Passed {
    Value,
    /// This function, with its captures as arguments.
    Function(FuncId),
    /// A list, map or set that stays in the store: the instance is the argument, the path names the slot.
    Slot(EntityId, Vec<u32>),
    /// A list that is only walked over: the numbers it goes from and to. One that it begins with and that is written out is no
    /// argument, so that it can be told how far it goes.
    Range(Option<i64>),
}

/// From where a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Context {
    /// Not inside a transaction, or it makes no difference: what only reads has nothing to undo. A failure
    /// here leaves what ended transactions did.
    Outside,
    /// Always inside a transaction.
    Transaction,
}

struct Lowering<'c> {
    checked: &'c hir::Checked,
    places: Places,
    module: Module,
    /// How the fields of each entity lie in slots.
    fields: Vec<Vec<Node>>,
    sites: BTreeMap<Site, SiteId>,
    /// How often each function name was given.
    names: BTreeMap<String, u32>,
    /// Leading parameters of lambdas that are captures.
    captures: BTreeMap<FuncId, Vec<RegType>>,
    instances: BTreeMap<Instance, FuncId>,
    /// How many of the instances are of functions of the program with types or functions filled in.
    copies: usize,
    lambdas: BTreeMap<LambdaKey, FuncId>,
    /// Those of the functions that are passed that may read a view.
    reading: BTreeSet<FuncId>,
    constants: BTreeMap<hir::ConstId, FuncId>,
    defaults: BTreeMap<(hir::FnId, usize, Vec<Type>), FuncId>,
    /// The entries of functions.
    entry_of: BTreeMap<hir::FnId, EntryId>,
    /// Instances that are named but not lowered yet.
    work: VecDeque<(FuncId, Instance)>,
}

impl<'c> Lowering<'c> {
    fn step_names(&self) -> StepNames {
        let named = |(key, func): (&Instance, &FuncId)| {
            let function = self.checked.function(key.function);
            Some((*func, function.as_step.name.clone()?))
        };
        let externs = self.checked.externs.iter().enumerate();
        StepNames {
            funcs: self.instances.iter().filter_map(named).collect(),
            externs: externs
                .filter_map(|(at, function)| Some((at as u32, function.as_step.name.clone()?)))
                .collect(),
        }
    }

    fn site(&mut self, span: Span) -> SiteId {
        let site = Site {
            file: span.file.0,
            start: span.start,
            end: span.end,
        };
        if let Some(id) = self.sites.get(&site) {
            return *id;
        }
        let id = SiteId(self.module.sites.len() as u32);
        self.module.sites.push(site);
        self.sites.insert(site, id);
        id
    }

    /// A number for a function that is written later.
    fn reserve(&mut self) -> FuncId {
        let id = FuncId(self.module.funcs.len() as u32);
        let term = Term::Crash {
            reason: CrashReason::Unreachable,
            detail: None,
        };
        let block = Block {
            insts: Vec::new(),
            term,
            site: SiteId(0),
        };
        self.module.funcs.push(Func {
            name: String::new(),
            params: 0,
            regs: Vec::new(),
            ret: Type::Unit,
            blocks: vec![block],
            site: SiteId(0),
        });
        id
    }

    fn define(&mut self, id: FuncId, func: Func) {
        self.module.funcs[id.0 as usize] = func;
    }

    /// The name itself the first time, then with a number.
    fn unique_name(&mut self, name: String) -> String {
        let count = self.names.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            name
        } else {
            format!("{name}#{count}")
        }
    }

    fn instance(&mut self, key: Instance) -> FuncId {
        if let Some(id) = self.instances.get(&key) {
            return *id;
        }
        let id = self.reserve();
        // The name and result type are known now, and callers may need the latter.
        let function = self.checked.function(key.function);
        let is_copy = !key.types.is_empty() || key.params.iter().any(|p| *p != Passed::Value);
        if is_copy && !function.is_prelude {
            // The checker counted them; here each can be there twice, once for each context.
            self.copies += 1;
            assert!(
                self.copies <= 2 * weir_check::COPIES_MAX,
                "more copies of functions than were counted"
            );
        }
        let base = match function.entity {
            Some(e) => format!("{}.{}", self.checked.entity(e).name, function.name),
            None => function.name.clone(),
        };
        let types: Vec<String> = key
            .types
            .iter()
            .map(|t| crate::text::print_type(&self.module, t))
            .collect();
        let name = if types.is_empty() {
            base
        } else {
            format!("{base}<{}>", types.join(", "))
        };
        self.module.funcs[id.0 as usize].name = self.unique_name(name);
        self.module.funcs[id.0 as usize].ret = self
            .places
            .outcome(self.places.ty(&function.ret, &key.types), &function.fails);
        self.instances.insert(key.clone(), id);
        self.work.push_back((id, key));
        id
    }

    /// A prelude function by name and the head of its first parameter.
    fn prelude(&self, name: &str, head: &Type) -> hir::FnId {
        let fits = |ty: &hir::Type| {
            matches!(
                (ty, head),
                (hir::Type::List(_), Type::List(_))
                    | (hir::Type::Map(..), Type::Map(..))
                    | (hir::Type::Set(_), Type::Set(_))
                    | (hir::Type::Option(_), Type::Option(_))
            )
        };
        let found = self.checked.functions.iter().position(|f| {
            f.is_prelude && f.name == name && f.params.first().is_some_and(|p| fits(&p.ty))
        });
        hir::FnId(found.unwrap_or_else(|| panic!("the prelude has no {name} on {head:?}")) as u32)
    }
}
