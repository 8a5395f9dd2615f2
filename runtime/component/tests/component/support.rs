//! A program and its components, both as text, and calls in JSON.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use weir_component::{Components, Files};
use weir_contract::call::{Reply, encode_args};
use weir_contract::json::{failure_to_document, field_values, parse, to_json};
use weir_contract::manifest::Extern;
use weir_contract::pure::Pure;
use weir_contract::{Field, Manifest, Type, Value, decode};
use weir_driver::Memory;

/// What a program declares, in the contract.
pub fn manifest(source: &str) -> Arc<Manifest> {
    let world = Memory::default().with("p.weir", source);
    let program = weir_driver::find(&world, Path::new("p.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).expect("it can be read");
    let told: Vec<String> = analysis
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(|d| weir_diagnostics::render(&analysis.sources, d, false))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
    Arc::new(bundle.manifest)
}

/// A program with one block, `m`, and its component.
pub struct Loaded {
    pub manifest: Arc<Manifest>,
    pub components: Components,
}

/// Loads them, or says what is wrong and what to do.
pub fn try_load(source: &str, component: &str) -> Result<Loaded, String> {
    let manifest = manifest(source);
    let bytes = wat::parse_str(component).unwrap_or_else(|e| panic!("{e}"));
    let files: Files = [("m".to_owned(), bytes)].into();
    let components = Components::load(manifest.clone(), &files).map_err(|error| {
        let problems = error.0.iter();
        let lines = problems.map(|p| format!("{}\nnext: {}", p.message, p.next));
        lines.collect::<Vec<_>>().join("\n")
    })?;
    Ok(Loaded {
        manifest,
        components,
    })
}

#[track_caller]
pub fn load(source: &str, component: &str) -> Loaded {
    try_load(source, component).unwrap_or_else(|said| panic!("{said}"))
}

#[track_caller]
pub fn refused(source: &str, component: &str) -> String {
    match try_load(source, component) {
        Ok(_) => panic!("it was taken"),
        Err(said) => said,
    }
}

impl Loaded {
    /// A call as a step makes it, with arguments as a JSON object: the value as JSON, `failed {..}`, or the bug.
    pub fn call(&self, name: &str, args: &str) -> String {
        let (number, function) = self.function(name);
        let args = self.args(function, args);
        let bytes = match Pure::call(&self.components, number as u32, &args) {
            Ok(bytes) => bytes,
            Err(stopped) => return format!("{}: {}", stopped.reason.text(), stopped.detail),
        };
        let defs = &self.manifest.defs;
        let ok = &function.returns;
        if function.fails.is_empty() {
            let value = decode(defs, ok, &bytes).expect("it is encoded right");
            return to_json(defs, ok, &value).to_string();
        }
        let ty = Type::Result(Box::new(ok.clone()), function.fails.clone());
        match decode(defs, &ty, &bytes).expect("it is encoded right") {
            Value::Ok(value) => to_json(defs, ok, &value).to_string(),
            Value::Err(id, fields) => format!("failed {}", failure_to_document(defs, id, &fields)),
            other => panic!("{other:?} is no result"),
        }
    }

    /// A call outside of a step.
    pub fn ask(&self, name: &str, args: &str, time: Duration) -> String {
        let (_, function) = self.function(name);
        let (defs, args) = (&self.manifest.defs, self.args(function, args));
        match self.components.ask(&self.manifest, function, &args, time) {
            Ok(Reply::Ok(value)) => to_json(defs, &function.returns, &value).to_string(),
            Ok(Reply::Failed(id, fields)) => {
                format!("failed {}", failure_to_document(defs, id, &fields))
            }
            Ok(Reply::Denied) => panic!("nobody is denied"),
            Err(why) => why,
        }
    }

    fn function(&self, name: &str) -> (usize, &Extern) {
        let mut externs = self.manifest.externs.iter().enumerate();
        externs
            .find(|(_, e)| e.name == name)
            .expect("it is declared")
    }

    fn args(&self, function: &Extern, json: &str) -> Vec<u8> {
        let fields = function.params.iter().map(|p| Field {
            name: p.name.clone(),
            ty: p.ty.clone(),
        });
        let fields: Vec<Field> = fields.collect();
        let json = parse(json.as_bytes()).expect("JSON");
        let object = json.as_object().expect("an object");
        let values = field_values(&self.manifest.defs, &fields, object, "", &[]);
        let values = values.unwrap_or_else(|e| panic!("{e}"));
        let values: Vec<Option<Value>> = values.into_iter().map(Some).collect();
        encode_args(&self.manifest.defs, &function.params, &values)
    }
}

/// A component around one core module with a memory, an allocator that only goes forward, and `echo`, which gives back the list
/// it was given, whatever is in it. `core` is more of the module, `outer` what is lifted from it.
pub fn component(core: &str, outer: &str) -> String {
    format!(
        r#"
(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1)))))
      (local.get $at))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16))
    {core})
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  {outer})"#
    )
}

/// `lifted("add", "(param \"a\" u8) (result u8)", "add")`: a function of the component from one of its core module.
pub fn lifted(name: &str, ty: &str, core: &str) -> String {
    format!(
        r#"(func (export "{name}") {ty}
    (canon lift (core func $i "{core}") (memory $memory) (realloc (func $realloc))))
  "#
    )
}
