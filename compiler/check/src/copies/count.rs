//! The copies of a program without circles, one by one.

use std::collections::{BTreeMap, BTreeSet};

use weir_diagnostics::{Diagnostic, Span, codes};

use super::bodies;
use super::instances::Instances;
use crate::hir::*;
use crate::walk;

/// More copies than a real program makes. Lowering makes at most two for each that is counted here: one inside
/// transactions, one outside.
pub const COPIES_MAX: usize = 20_000;

/// More parts than a type of a real program has.
pub const TYPE_PARTS_MAX: usize = 1_000;

/// The types that all copies need of declarations with type parameters; an error when there are too many copies or types.
pub fn count(program: &Checked) -> Result<Vec<Instance>, Box<Diagnostic>> {
    Count::new(program).run()
}

/// A function that is passed: one by name, or a lambda with the functions it uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Passed {
    Named(FnId, Vec<Type>),
    /// The lambda by where it lies in the program.
    Lambda(*const Lambda, Vec<Type>, Vec<(LocalId, usize)>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Copy {
    function: FnId,
    types: Vec<Type>,
    /// By number, at the parameters of function type.
    passed: BTreeMap<LocalId, usize>,
}

struct Count<'p> {
    program: &'p Checked,
    copies: BTreeSet<Copy>,
    passed: BTreeMap<Passed, usize>,
    of_function: BTreeMap<FnId, usize>,
    instances: Instances<'p>,
    /// Code of copies that is not read yet.
    work: Vec<(&'p Body, Copy)>,
    /// The copy too many, with the call that makes it.
    found: Option<Diagnostic>,
}

impl<'p> Count<'p> {
    fn new(program: &'p Checked) -> Self {
        Count {
            program,
            copies: BTreeSet::new(),
            passed: BTreeMap::new(),
            of_function: BTreeMap::new(),
            instances: Instances::new(program),
            work: Vec::new(),
            found: None,
        }
    }

    fn run(mut self) -> Result<Vec<Instance>, Box<Diagnostic>> {
        let program = self.program;
        let nowhere = |function| Copy {
            function,
            types: Vec::new(),
            passed: BTreeMap::new(),
        };
        // Copies start where nothing is left open.
        for (owner, body) in walk::bodies(program) {
            let id = match owner {
                walk::Owner::Function(id) => id,
                walk::Owner::Default => continue,
                _ => FnId(0),
            };
            let function = program.function(id);
            let is_open = !function.type_params.is_empty()
                || function
                    .params
                    .iter()
                    .any(|param| matches!(param.ty, Type::Fn(..)));
            if matches!(owner, walk::Owner::Function(_)) {
                if is_open || function.is_prelude {
                    continue;
                }
                let bodies = bodies(function).map(|body| (body, nowhere(id)));
                self.work.extend(bodies);
            } else {
                self.work.push((body, nowhere(id)));
            }
        }
        self.instances.of_declarations();
        while let Some((body, copy)) = self.work.pop() {
            self.instances.of_body(body, &copy.types);
            self.read(&body.root, &copy);
            if let Some(found) = self.found.take().or(self.instances.found.take()) {
                return Err(found.into());
            }
        }
        Ok(self.instances.all)
    }

    fn read(&mut self, expr: &'p Expr, inside: &Copy) {
        if let ExprKind::Call {
            function,
            type_args,
            args,
        } = &expr.kind
        {
            self.call(*function, type_args, args, inside, expr.span);
        }
        walk::children(expr, &mut |part| self.read(part, inside));
    }

    fn call(
        &mut self,
        id: FnId,
        type_args: &'p [Type],
        args: &'p [Arg],
        inside: &Copy,
        span: Span,
    ) {
        let mut passed = BTreeMap::new();
        for (at, arg) in args.iter().enumerate() {
            let number = match arg {
                Arg::Value(_) | Arg::Default => continue,
                Arg::Param(local) => match inside.passed.get(local) {
                    Some(number) => *number,
                    None => continue,
                },
                Arg::Lambda(lambda) => {
                    let uses = lambda.captures.iter();
                    let uses = uses.filter_map(|local| Some((*local, *inside.passed.get(local)?)));
                    self.number(Passed::Lambda(lambda, inside.types.clone(), uses.collect()))
                }
                Arg::Function(named, type_args) => {
                    let Some(types) = self.types(*named, type_args, inside, span) else {
                        return;
                    };
                    self.copy(*named, types.clone(), BTreeMap::new(), span);
                    self.number(Passed::Named(*named, types))
                }
            };
            passed.insert(LocalId(at as u32), number);
        }
        if let Some(types) = self.types(id, type_args, inside, span) {
            self.copy(id, types, passed, span);
        }
    }

    fn number(&mut self, passed: Passed) -> usize {
        let next = self.passed.len();
        *self.passed.entry(passed).or_insert(next)
    }

    fn types(
        &mut self,
        id: FnId,
        written: &[Type],
        inside: &Copy,
        span: Span,
    ) -> Option<Vec<Type>> {
        let of_param = |param: usize| inside.types.get(param).map_or(1, |ty| ty.parts(&|_| 1));
        let parts = |ty: &Type| ty.parts(&of_param);
        if written.iter().map(parts).sum::<usize>() > TYPE_PARTS_MAX {
            let name = &self.program.function(id).name;
            self.tell(
                span,
                format!("`{name}` is called here with a type of more than {TYPE_PARTS_MAX} parts"),
                "name the parts: a `record` counts as one",
                id,
            );
            return None;
        }
        let types = written.iter();
        Some(types.map(|ty| ty.substitute(&inside.types)).collect())
    }

    fn copy(&mut self, id: FnId, types: Vec<Type>, passed: BTreeMap<LocalId, usize>, span: Span) {
        let function = self.program.function(id);
        if function.is_prelude || (types.is_empty() && passed.is_empty()) {
            return;
        }
        let copy = Copy {
            function: id,
            types,
            passed,
        };
        if !self.copies.insert(copy.clone()) {
            return;
        }
        *self.of_function.entry(id).or_default() += 1;
        if self.copies.len() > COPIES_MAX {
            let most = self.of_function.iter().max_by_key(|(_, count)| **count);
            let most = most.map_or(id, |(id, _)| *id);
            let name = &self.program.function(most).name;
            self.tell(
                span,
                format!(
                    "the program needs more than {COPIES_MAX} copies of functions, most of them of `{name}`"
                ),
                "call it with fewer types and fewer different lambdas",
                most,
            );
            return;
        }
        let signature = function.params.iter().map(|param| &param.ty);
        for ty in signature.chain([&function.ret]) {
            self.instances.of_type(ty, &copy.types, function.span);
        }
        let bodies = bodies(function).map(|body| (body, copy.clone()));
        self.work.extend(bodies);
    }

    fn tell(&mut self, span: Span, message: String, help: &str, of: FnId) {
        let function = self.program.function(of);
        let declared = format!("`{}` is declared here", function.name);
        self.found.get_or_insert(
            Diagnostic::new(codes::E0307, span, message)
                .label("one copy too many")
                .secondary(function.span, declared)
                .help(help),
        );
    }
}
