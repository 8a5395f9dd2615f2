//! `examples/shop`, compiled, in variants that pay in other ways; calls and answers by name and in JSON.

use std::path::Path;

use serde_json::Value as Json;
use weir_contract::call::{Reply, decode_args, encode_args};
use weir_contract::json::{Document, field_values, from_json, parse, to_json};
use weir_contract::keys::encode_keys;
use weir_contract::manifest::{Extern, Param};
use weir_contract::{DefKind, Manifest, Value};
use weir_driver::Memory;
use weir_engine::{Program, Runner};
use weir_machine::{Call, EventTo, OutsideCall, Sent};
use weir_tests::ledger::Said;

const TEXT: &str = include_str!("../../../examples/shop/shop.weir");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Plain,
    /// Behind the charge a courier is booked, who may refuse: then the charge is given back.
    Courier,
    /// A service that does not know its callers' keys: charged at most once, and sometimes nobody knows.
    Once,
}

impl Variant {
    pub const ALL: [Variant; 3] = [Variant::Plain, Variant::Courier, Variant::Once];

    fn text(self) -> String {
        let (program, _tests) = TEXT.split_once("\ntest ").expect("the example has tests");
        let errors = "Rejected, Expired {";
        let edits: &[(&str, &str)] = match self {
            Variant::Plain => &[],
            Variant::Courier => &[
                (errors, "Rejected, Expired, NoRoute {"),
                (
                    "undo payments.refund(charge)\n",
                    "undo payments.refund(charge)\n    courier.book(order)?\n",
                ),
                (
                    "entity Stock",
                    "error NoRoute\n\nextern courier from \"http:courier\" {\n  @idempotent\n  \
                     fn book(order: OrderId) fails NoRoute\n}\n\nentity Stock",
                ),
            ],
            Variant::Once => &[
                (errors, "Rejected, Expired, Unknown {"),
                ("@idempotent\n  fn charge", "@once\n  fn charge"),
            ],
        };
        edits.iter().fold(program.to_owned(), |text, (from, to)| {
            assert_eq!(
                text.matches(from).count(),
                1,
                "the example has another {from:?}"
            );
            text.replace(from, to)
        })
    }
}

pub struct Shop {
    pub variant: Variant,
    pub manifest: Manifest,
    program: Program,
}

impl Shop {
    pub fn compile(variant: Variant) -> Self {
        let world = Memory::default().with("shop.weir", &variant.text());
        let program = weir_driver::find(&world, Path::new("shop.weir")).expect("it is there");
        let analysis = weir_driver::check(&world, &program).unwrap_or_else(|e| panic!("{e}"));
        let bundle = weir_driver::build(&program, &analysis)
            .unwrap_or_else(|| panic!("{variant:?}: {:?}", analysis.diagnostics));
        let program = Program::load(&bundle.wasm).unwrap_or_else(|e| panic!("{e}"));
        Shop {
            variant,
            manifest: bundle.manifest,
            program,
        }
    }

    pub fn runner(&self) -> Runner {
        Runner::new(&self.program).unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn entity(&self, name: &str) -> u32 {
        self.manifest.entity(name).expect("an entity of the shop").0
    }

    /// All entities of the shop have one key, a text.
    pub fn key(&self, entity: &str, key: &str) -> Vec<u8> {
        let fields = &self.manifest.entities[self.entity(entity) as usize].keys;
        encode_keys(&self.manifest.defs, fields, &[Value::Text(key.to_owned())])
    }

    pub fn call(&self, entity: &str, key: &str, function: &str, args: &Json) -> Call {
        let of = Some(self.entity(entity));
        let mut functions = self.manifest.functions.iter();
        let number = functions
            .position(|f| f.entity == of && f.name == function)
            .expect("a function of the shop");
        Call {
            function: number as u32,
            caller: "eve".to_owned(),
            roles: Vec::new(),
            keys: self.key(entity, key),
            args: self.args(&self.manifest.functions[number].params, args),
            idempotency: Some(format!("{entity}-{key}-{function}")),
            if_match: None,
        }
    }

    /// An event of the checkout `order`.
    pub fn event(&self, order: &str, name: &str, args: &Json) -> Sent {
        let entity = self.entity("Checkout");
        let workflow = self.manifest.entities[entity as usize].workflow.as_ref();
        let events = &workflow.expect("a checkout is a workflow").events;
        let number = events.iter().position(|e| e.name == name);
        let number = number.expect("an event of the shop");
        Sent {
            to: EventTo {
                entity,
                key: self.key("Checkout", order).into(),
                event: number as u32,
                args: self.args(&events[number].params, args).into(),
            },
            caller: "ann".to_owned(),
            roles: Vec::new(),
            idempotency: Some(format!("{order}-{name}")),
        }
    }

    pub fn function_of(&self, call: &OutsideCall) -> &Extern {
        &self.manifest.externs[call.function as usize]
    }

    /// What an outside call is made with.
    pub fn args_of(&self, call: &OutsideCall) -> Json {
        let defs = &self.manifest.defs;
        let params = &self.function_of(call).params;
        let values =
            decode_args(defs, params, &call.args).expect("arguments as the program gave them");
        let fields = params.iter().zip(values.iter().flatten());
        fields
            .map(|(p, value)| (p.name.clone(), to_json(defs, &p.ty, value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// What the outside said, as the machine takes it.
    pub fn output(&self, call: &OutsideCall, said: &Said) -> Vec<u8> {
        let (defs, function) = (&self.manifest.defs, self.function_of(call));
        let reply = match said {
            Ok(value) => Reply::Ok(
                from_json(defs, &function.returns, &document(value), "").expect("it fits"),
            ),
            Err(failure) => {
                let name = |id: &&weir_contract::DefId| failure["error"] == defs.get(**id).name;
                let id = *function.fails.iter().find(name).expect("it may fail so");
                let DefKind::Error { fields, .. } = &defs.get(id).kind else {
                    panic!("an error is one");
                };
                let failure = document(failure);
                let members = failure.as_object().expect("a failure is an object");
                let values = field_values(defs, fields, members, "", &["error"]);
                Reply::Failed(id, values.expect("it fits"))
            }
        };
        reply.encode(defs, &function.returns)
    }

    fn args(&self, params: &[Param], args: &Json) -> Vec<u8> {
        let defs = &self.manifest.defs;
        let args = document(args);
        let value = |p: &Param| {
            from_json(
                defs,
                &p.ty,
                args.get(&p.name).unwrap_or(&Document::Null),
                "",
            )
        };
        let values: Vec<_> = params
            .iter()
            .map(|p| Some(value(p).expect("it fits")))
            .collect();
        encode_args(defs, params, &values)
    }
}

fn document(json: &Json) -> Document {
    parse(json.to_string().as_bytes()).expect("what is written is JSON")
}
