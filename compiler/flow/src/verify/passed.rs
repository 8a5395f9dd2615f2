//! What is passed on: arguments of calls and messages, cells that are kept, operands of waits.

use weir_contract::Type;

use super::rule::Rule;
use crate::ir::*;

/// Arguments of a call.
pub fn arguments(func: &Func, callee: &Func, args: &[Reg]) -> Result<(), String> {
    let params = &callee.regs[..callee.params as usize];
    if params.len() != args.len() {
        return Err(format!("@{} takes {} arguments", callee.name, params.len()));
    }
    for (r, p) in args.iter().zip(params) {
        if func.reg_type(*r) != &p.ty {
            return Err(format!(
                "r{} does not fit a parameter of @{}",
                r.0, callee.name
            ));
        }
    }
    Ok(())
}

pub fn entry_of(module: &Module, id: EntryId) -> Result<&Entry, String> {
    module
        .entries
        .get(id.0 as usize)
        .ok_or(format!("no entry {}", id.0))
}

pub fn delay(rule: &Rule, after: Option<Reg>) -> Result<(), String> {
    after.map_or(Ok(()), |r| rule.expect(r, &Type::Duration))
}

/// Values that an entry is later given as they are.
pub fn cells(
    module: &Module,
    func: &Func,
    regs: &[Reg],
    params: &[EntryParam],
) -> Result<(), String> {
    values(module, func, regs, params, |p| p.ty.clone())
}

/// Arguments of a message: a defaulted one as `Option`.
pub fn sent(
    module: &Module,
    func: &Func,
    regs: &[Reg],
    params: &[EntryParam],
) -> Result<(), String> {
    values(module, func, regs, params, |p| match p.defaulted {
        true => Type::Option(Box::new(p.ty.clone())),
        false => p.ty.clone(),
    })
}

pub fn values(
    module: &Module,
    func: &Func,
    regs: &[Reg],
    params: &[EntryParam],
    ty: impl Fn(&EntryParam) -> Type,
) -> Result<(), String> {
    if regs.len() != params.len() {
        return Err(format!("{} values for {}", regs.len(), params.len()));
    }
    let rule = Rule { module, func };
    regs.iter()
        .zip(params)
        .try_for_each(|(r, p)| rule.expect(*r, &ty(p)))
}

pub fn extern_of(module: &Module, number: u32) -> Result<&Extern, String> {
    let function = module.externs.get(number as usize);
    function.ok_or_else(|| "no such extern function".to_owned())
}

/// The operands of a wait.
pub fn wait(module: &Module, func: &Func, wait: &Wait, operands: &[Reg]) -> Result<(), String> {
    let rule = Rule { module, func };
    let limit = Type::Option(Box::new(Type::Duration));
    let wanted = match wait {
        Wait::Join { limit: true, .. } => vec![Type::Int],
        Wait::Yield | Wait::Join { .. } | Wait::Settle => vec![],
        Wait::Sleep | Wait::Advance => vec![Type::Duration],
        Wait::SleepUntil => vec![Type::Time],
        Wait::Events(..) => vec![limit],
        Wait::Run => vec![Type::Int, limit],
        Wait::Extern { function, .. } => {
            let function = extern_of(module, *function)?;
            let params = function.params.iter().map(|p| p.ty.clone());
            std::iter::once(limit).chain(params).collect()
        }
    };
    if wanted.len() != operands.len() {
        return Err(format!("{} operands for {}", operands.len(), wanted.len()));
    }
    operands
        .iter()
        .zip(&wanted)
        .try_for_each(|(r, ty)| rule.expect(*r, ty))
}
