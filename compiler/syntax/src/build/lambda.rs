//! Lambdas: their parameters are read as a tuple first, to stay LALR(1).

use weir_diagnostics::{Diagnostic, Span, codes};

use super::Build;
use crate::ast::*;

impl Build<'_> {
    pub fn lambda_of_name(&self, l: u32, name: Ident, body: Expr, r: u32) -> Expr {
        let span = name.span;
        let name = Some(name);
        let param = LambdaParam {
            name,
            ty: None,
            span,
        };
        self.lambda(l, vec![param], body, r)
    }

    pub fn lambda_of_none(&self, l: u32, m: u32, body: Expr, r: u32) -> Expr {
        let span = self.span(l, m);
        let param = LambdaParam {
            name: None,
            ty: None,
            span,
        };
        self.lambda(l, vec![param], body, r)
    }

    /// What was read as `(a, b)` turns out to be a list of parameters.
    pub fn lambda_of_args(&self, l: u32, args: Vec<Arg>, body: Expr, r: u32) -> Expr {
        let params = args.into_iter().map(|arg| self.lambda_param(arg)).collect();
        self.lambda(l, params, body, r)
    }

    fn lambda(&self, l: u32, params: Vec<LambdaParam>, body: Expr, r: u32) -> Expr {
        let body = Box::new(body);
        self.expr(l, ExprKind::Lambda { params, body }, r)
    }

    fn lambda_param(&self, arg: Arg) -> LambdaParam {
        let span = arg.span;
        match (arg.label, arg.value.kind) {
            (None, ExprKind::Var(name)) => LambdaParam {
                name: (name.name != "_").then_some(name),
                ty: None,
                span,
            },
            (Some(label), kind) => {
                let value = Expr {
                    kind,
                    span: arg.value.span,
                };
                let ty = type_of_expr(value).unwrap_or_else(|span| {
                    let message = "a type was expected after the name of this parameter";
                    self.report(
                        Diagnostic::new(codes::E0112, span, message)
                            .help("write `name` or `name: Type`"),
                    );
                    Type {
                        kind: TypeKind::Hole,
                        span,
                    }
                });
                LambdaParam {
                    name: Some(label),
                    ty: Some(ty),
                    span,
                }
            }
            (None, ExprKind::Hole) => LambdaParam {
                name: None,
                ty: None,
                span,
            },
            (None, _) => {
                let message = "the parameter of a lambda is a name";
                self.report(
                    Diagnostic::new(codes::E0112, span, message)
                        .label("not a name")
                        .help("take a name here and take the value apart in the body"),
                );
                LambdaParam {
                    name: None,
                    ty: None,
                    span,
                }
            }
        }
    }
}

/// Reads an expression as the type it looks like: `Bool`, `m.Sku`, `Text?`.
fn type_of_expr(expr: Expr) -> Result<Type, Span> {
    let span = expr.span;
    let path = |module, name| {
        let path = TypePath { module, name, span };
        let args = Vec::new();
        Ok(Type {
            kind: TypeKind::Path { path, args },
            span,
        })
    };
    match expr.kind {
        ExprKind::Con(name) => path(Vec::new(), name),
        ExprKind::Try(inner) => Ok(Type {
            kind: TypeKind::Optional(Box::new(type_of_expr(*inner)?)),
            span,
        }),
        ExprKind::Field { base, name } if name.is_upper() => match base.kind {
            ExprKind::Var(module) => path(vec![module], name),
            _ => Err(span),
        },
        _ => Err(span),
    }
}
