//! Items: types, entities, functions and the calls to make; and all of it as text.

use super::stmt::Scope;
use super::{Call, Entity, Enum, Function, Gen, Param, Record, StateField, Ty};

/// A function may not be dearer than this.
pub const COST_MAX: u64 = 30_000;

impl Gen {
    /// Types and entities, without functions.
    pub fn declare(&mut self) {
        if self.swarm.news {
            for i in 0..1 + self.below(2) {
                let base = self.pick(&[Ty::Int, Ty::Text]);
                self.news.push((self.named("New", i), base));
            }
        }
        if self.swarm.enums {
            for i in 0..1 + self.below(2) {
                let count = 1 + self.size(3);
                let variants = (0..count).map(|tag| Record {
                    name: format!("{}x{tag}", self.named("Case", i)),
                    args: Vec::new(),
                    fields: self.fields(2, 1),
                });
                let variants = variants.collect();
                self.enums.push(Enum {
                    name: self.named("Enum", i),
                    args: Vec::new(),
                    variants,
                });
            }
        }
        if self.swarm.type_parameters {
            self.declare_generics();
        }
        if self.swarm.records {
            for i in 0..1 + self.below(3) {
                let fields = self.fields(3, 2);
                self.records.push(Record {
                    name: self.named("Rec", i),
                    args: Vec::new(),
                    fields,
                });
            }
        }
        if self.swarm.failures {
            for i in 0..1 + self.below(3) {
                let fields = self.fields(2, 1);
                self.errors.push(Record {
                    name: self.named("Err", i),
                    args: Vec::new(),
                    fields,
                });
            }
        }
        for i in 0..1 + self.below(3) {
            let mut keys = vec![("k0".to_owned(), Ty::Text)];
            match self.below(4) {
                0 => keys = vec![("k0".to_owned(), Ty::Int)],
                1 => keys.push(("k1".to_owned(), Ty::Int)),
                2 if !self.news.is_empty() => {
                    keys = vec![("k0".to_owned(), Ty::New(self.below(self.news.len())))]
                }
                _ => {}
            }
            if self.owned {
                keys = vec![("k0".to_owned(), Ty::Text)];
            }
            self.entities.push(Entity {
                name: self.named("Ent", i),
                keys,
                fields: Vec::new(),
                merges: Vec::new(),
                rules: Vec::new(),
                events: Vec::new(),
            });
        }
        for i in 0..self.entities.len() {
            self.state(i);
        }
        for i in 0..self.below(3) {
            let ty = match self.simple_type() {
                Ty::Blob => Ty::Int,
                ty => ty,
            };
            let value = self.literal(&ty);
            self.constants.push((self.named("const", i), ty, value));
        }
    }

    /// A top-level name: no other program of the batch has it.
    pub fn named(&self, kind: &str, number: usize) -> String {
        format!("{kind}{number}n{}", self.member)
    }

    fn fields(&mut self, usual: usize, depth: usize) -> Vec<(String, Ty)> {
        let count = if depth > 1 {
            1 + self.size(usual)
        } else {
            self.size(usual)
        };
        (0..count)
            .map(|i| (format!("f{i}"), self.any_type(depth)))
            .collect()
    }

    pub fn state(&mut self, entity: usize) {
        for i in 0..1 + self.size(4) {
            let ty = match self.any_type(3) {
                ty if i == 0 || self.needs_blob(&ty) => Ty::Int,
                ty => ty,
            };
            let init = if i == 0 {
                "0".to_owned()
            } else {
                self.initial(&ty, 0)
            };
            let field = StateField {
                name: format!("s{i}"),
                ty,
                is_pub: self.on(40),
                init,
            };
            self.entities[entity].fields.push(field);
        }
        if self.swarm.merges {
            self.merges(entity);
        }
        if self.swarm.invariants {
            let bound = self.pick(&[-20, 0, -1000]);
            let rule = match self.below(3) {
                0 => format!("invariant s0 >= ({bound})"),
                1 => "invariant s0 < 500 and s0 > (-500)".to_owned(),
                _ => format!("invariant not (s0 < ({bound}))"),
            };
            self.entities[entity].rules.push(rule);
        }
        if self.swarm.access && self.on(60) {
            let rule = match self.entities[entity].keys[0].1 {
                Ty::Text => "allow caller.id == UserId(k0)",
                _ => "allow \"teller\" in caller.roles or s0 >= 0",
            };
            self.entities[entity].rules.push(rule.to_owned());
        }
    }

    /// A value that needs nothing around it.
    pub fn initial(&mut self, ty: &Ty, depth: usize) -> String {
        let size = if depth > 1 { 0 } else { self.size(2) };
        match ty {
            Ty::List(item) if self.needs_blob(item) => "[]".to_owned(),
            Ty::List(item) => {
                let items: Vec<String> = (0..size).map(|_| self.initial(item, depth + 1)).collect();
                format!("[{}]", items.join(", "))
            }
            Ty::Set(item) if self.needs_blob(item) => "set_of([])".to_owned(),
            Ty::Set(item) => {
                let items: Vec<String> = (0..size).map(|_| self.initial(item, depth + 1)).collect();
                format!("set_of([{}])", items.join(", "))
            }
            Ty::Map(key, item) if self.needs_blob(key) || self.needs_blob(item) => "[:]".to_owned(),
            Ty::Map(_, _) if size == 0 => "[:]".to_owned(),
            Ty::Map(key, item) => {
                let entry = |_| {
                    format!(
                        "{}: {}",
                        self.initial(key, depth + 1),
                        self.initial(item, depth + 1)
                    )
                };
                let entries: Vec<String> = (0..size).map(entry).collect();
                format!("[{}]", entries.join(", "))
            }
            Ty::Option(of) if depth < 3 && !self.needs_blob(of) && self.on(50) => {
                format!("Some({})", self.initial(of, depth + 1))
            }
            Ty::Option(_) => "None".to_owned(),
            Ty::Tuple(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| self.initial(item, depth + 1))
                    .collect();
                format!("({})", items.join(", "))
            }
            Ty::Named(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(name, item)| format!("{name}: {}", self.initial(item, depth + 1)))
                    .collect();
                format!("({})", items.join(", "))
            }
            Ty::Record(id) => {
                let (name, fields) = (self.records[*id].name.clone(), self.types_of_record(*id));
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| self.initial(field, depth + 1))
                    .collect();
                format!("{name}({})", fields.join(", "))
            }
            Ty::Enum(id) => {
                let tag = self.below(self.enums[*id].variants.len());
                let (name, fields) = self.variant(*id, tag);
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| self.initial(field, depth + 1))
                    .collect();
                if fields.is_empty() {
                    name
                } else {
                    format!("{name}({})", fields.join(", "))
                }
            }
            Ty::New(id) => {
                let (name, base) = self.news[*id].clone();
                format!("{name}({})", self.literal(&base))
            }
            Ty::Ref(id) => self.some_instance(*id),
            simple => self.literal(simple),
        }
    }

    pub fn types_of_record(&self, id: usize) -> Vec<Ty> {
        self.records[id]
            .fields
            .iter()
            .map(|f| f.1.clone())
            .collect()
    }

    /// The variant's name and the types of its fields.
    pub fn variant(&self, id: usize, tag: usize) -> (String, Vec<Ty>) {
        let variant = &self.enums[id].variants[tag];
        (
            variant.name.clone(),
            variant.fields.iter().map(|f| f.1.clone()).collect(),
        )
    }

    /// `Ent0("ann")`, from the few keys that calls use too.
    pub fn some_instance(&mut self, entity: usize) -> String {
        let (name, keys) = (
            self.entities[entity].name.clone(),
            self.entities[entity].keys.clone(),
        );
        let keys: Vec<String> = keys.iter().map(|(_, ty)| self.key_literal(ty)).collect();
        format!("{name}({})", keys.join(", "))
    }

    pub fn key_literal(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Int => self.below(3).to_string(),
            Ty::Text => self.pick(&["\"ann\"", "\"bob\""]).to_owned(),
            Ty::New(id) => {
                let (name, base) = self.news[*id].clone();
                format!("{name}({})", self.key_literal(&base))
            }
            other => self.literal(other),
        }
    }

    /// Functions and handlers in one row, so that handlers call functions that call handlers.
    pub fn functions(&mut self) {
        for _ in 0..2 + self.size(4) {
            let entity = self.on(65).then(|| self.below(self.entities.len()));
            self.function(entity);
        }
        // Something to call, and something that shows all state.
        for entity in 0..self.entities.len() {
            self.function(Some(entity));
            self.dump(entity);
        }
    }

    pub fn function(&mut self, entity: Option<usize>) {
        let name = match entity {
            Some(_) => self.fresh("act"),
            None => {
                let number = self.functions.len();
                self.named("fun", number)
            }
        };
        let mut params = Vec::new();
        for i in 0..self.size(3) {
            let ty = self.any_type(2);
            let default = self.swarm.defaults
                && (self.on(30) || params.last().is_some_and(|p: &Param| p.default.is_some()));
            let default = default && !self.needs_blob(&ty);
            let default = default.then(|| self.initial(&ty, 0));
            params.push(Param {
                name: format!("p{i}"),
                ty,
                default,
            });
        }
        let ret = if self.on(25) {
            Ty::Unit
        } else {
            self.any_type(2)
        };
        let mut fails: Vec<usize> = Vec::new();
        if !self.errors.is_empty() && self.on(55) {
            fails = (0..self.errors.len()).filter(|_| self.on(60)).collect();
        }
        let is_pub = self.on(75);
        let attribute = match (is_pub && self.swarm.access, self.below(4)) {
            (true, 0) => "@anyone",
            (true, 1) => "@role(\"teller\")",
            _ => "",
        };
        let mut scope = Scope::new(entity, &ret, &fails);
        // A plain function writes through handlers; a third of them may.
        scope.write = entity.is_some() || self.on(40);
        scope.read = scope.write || self.on(50);
        if self.owned {
            scope.write = entity.is_some();
            scope.read = scope.write;
            scope.me = entity.map(|_| "k0".to_owned());
        }
        if let Some(entity) = entity {
            for (name, ty) in &self.entities[entity].keys {
                scope.bind(name, ty, false);
            }
        }
        for param in &params {
            scope.bind(&param.name, &param.ty, false);
        }
        let mut body = self.statements(&mut scope, 3);
        if ret != Ty::Unit {
            let value = self.expr(&mut scope, &ret, 3, true);
            body.push(value);
        }
        self.functions.push(Function {
            name,
            entity,
            params,
            ret,
            fails,
            is_pub,
            attribute: attribute.to_owned(),
            writes: scope.write,
            reads: scope.read,
            waits: false,
            is_run: false,
            cost: scope.cost,
            body,
        });
    }

    /// `dump` gives all state of an instance as a tuple.
    pub fn dump(&mut self, entity: usize) {
        let fields = &self.entities[entity].fields;
        let mut types: Vec<Ty> = fields.iter().map(|f| f.ty.clone()).collect();
        let mut names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
        for (read, ty) in self.all_merge_reads(entity) {
            names.push(read);
            types.push(ty);
        }
        types.push(Ty::Int);
        names.push("0".to_owned());
        self.functions.push(Function {
            name: "dump".to_owned(),
            entity: Some(entity),
            params: Vec::new(),
            ret: Ty::Tuple(types),
            fails: Vec::new(),
            is_pub: true,
            attribute: "@anyone".to_owned(),
            writes: true,
            reads: true,
            waits: false,
            is_run: false,
            cost: COST_MAX,
            body: vec![format!("({})", names.join(", "))],
        });
    }

    /// The calls from outside, and at the end a look at every instance they could have met.
    pub fn calls(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        let open: Vec<usize> = (0..self.functions.len())
            .filter(|i| self.functions[*i].is_pub && self.functions[*i].name != "dump")
            .collect();
        let mut time = 1_750_000_000_000_000;
        if !open.is_empty() {
            for _ in 0..3 + self.size(8) {
                let id = self.pick(&open);
                let params: Vec<(Ty, bool)> = self.functions[id]
                    .params
                    .iter()
                    .map(|p| (p.ty.clone(), p.default.is_some()))
                    .collect();
                let args = params.iter().map(|(ty, default)| {
                    let left_out = *default && self.on(50);
                    (!left_out).then(|| self.value(ty, 0))
                });
                let args = args.collect();
                time += 1_000_000 + self.below(5_000_000) as i64;
                let caller = if self.on(8) {
                    ""
                } else {
                    self.pick(&["ann", "bob"])
                };
                let roles = if self.on(50) {
                    vec!["teller".to_owned()]
                } else {
                    Vec::new()
                };
                let instance = self.functions[id].entity.map(|entity| {
                    let keys: Vec<Ty> = self.entities[entity]
                        .keys
                        .iter()
                        .map(|k| k.1.clone())
                        .collect();
                    let keys = keys.iter().map(|key| self.key_value(key)).collect();
                    (self.entities[entity].name.clone(), keys)
                });
                calls.push(Call {
                    instance,
                    function: self.functions[id].name.clone(),
                    args,
                    caller: caller.to_owned(),
                    roles,
                    time,
                });
            }
        }
        for entity in 0..self.entities.len() {
            let mut seen: Vec<Vec<weir_contract::Value>> = Vec::new();
            for _ in 0..12 {
                let keys: Vec<Ty> = self.entities[entity]
                    .keys
                    .iter()
                    .map(|k| k.1.clone())
                    .collect();
                let keys = keys.iter().map(|key| self.key_value(key)).collect();
                if !seen.contains(&keys) {
                    seen.push(keys);
                }
            }
            calls.extend(seen.into_iter().map(|keys| Call {
                instance: Some((self.entities[entity].name.clone(), keys)),
                function: "dump".to_owned(),
                args: Vec::new(),
                caller: "ann".to_owned(),
                roles: Vec::new(),
                time,
            }));
        }
        calls
    }

    /// The program as text: a statement a line, so that lines can be taken away.
    pub fn source(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (name, base) in &self.news {
            lines.push(format!("type {name} = new {}", self.spell(base)));
        }
        lines.extend(self.generics.iter().cloned());
        for record in self.records.iter().filter(|r| r.args.is_empty()) {
            lines.push(format!(
                "record {}{}",
                record.name,
                self.spell_fields(&record.fields)
            ));
        }
        for en in self.enums.iter().filter(|en| en.args.is_empty()) {
            let variants: Vec<String> = en.variants.iter().map(|v| self.spell_variant(v)).collect();
            lines.push(format!("enum {} {{ {} }}", en.name, variants.join(", ")));
        }
        for error in &self.errors {
            lines.push(format!("error {}", self.spell_variant(error)));
        }
        for (name, ty, value) in &self.constants {
            lines.push(format!("let {name}: {} = {value}", self.spell(ty)));
        }
        for (i, entity) in self.entities.iter().enumerate() {
            let word = if entity.events.is_empty() {
                "entity"
            } else {
                "workflow"
            };
            let keys = self.spell_fields(&entity.keys);
            lines.push(format!("{word} {}{keys} {{", entity.name));
            for event in &entity.events {
                lines.push(format!(
                    "  pub event {}{}",
                    event.name,
                    self.spell_fields(&event.fields)
                ));
            }
            for field in &entity.fields {
                let visible = if field.is_pub { "pub " } else { "" };
                lines.push(format!(
                    "  {visible}state {}: {} = {}",
                    field.name,
                    self.spell(&field.ty),
                    field.init
                ));
            }
            let merges = entity.merges.iter();
            lines.extend(merges.map(|merge| format!("  {}", merge.spelled())));
            lines.extend(entity.rules.iter().map(|rule| format!("  {rule}")));
            for function in self.functions.iter().filter(|f| f.entity == Some(i)) {
                self.spell_function(function, "  ", &mut lines);
            }
            lines.push("}".to_owned());
        }
        for function in self.functions.iter().filter(|f| f.entity.is_none()) {
            self.spell_function(function, "", &mut lines);
        }
        lines.join("\n") + "\n"
    }

    fn spell_variant(&self, variant: &Record) -> String {
        match variant.fields.is_empty() {
            true => variant.name.clone(),
            false => format!("{}{}", variant.name, self.spell_fields(&variant.fields)),
        }
    }

    fn spell_fields(&self, fields: &[(String, Ty)]) -> String {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, ty)| format!("{name}: {}", self.spell(ty)))
            .collect();
        format!("({})", fields.join(", "))
    }

    fn spell_function(&self, function: &Function, indent: &str, lines: &mut Vec<String>) {
        if !function.attribute.is_empty() {
            lines.push(format!("{indent}{}", function.attribute));
        }
        let params = function.params.iter().map(|p| {
            let default = p
                .default
                .as_ref()
                .map(|d| format!(" = {d}"))
                .unwrap_or_default();
            format!("{}: {}{default}", p.name, self.spell(&p.ty))
        });
        let params: Vec<String> = params.collect();
        let visible = if function.is_pub { "pub " } else { "" };
        let ret = match &function.ret {
            Ty::Unit => String::new(),
            ty => format!(" -> {}", self.spell(ty)),
        };
        let errors: Vec<&str> = function
            .fails
            .iter()
            .map(|e| self.errors[*e].name.as_str())
            .collect();
        let fails = if errors.is_empty() {
            String::new()
        } else {
            format!(" fails {}", errors.join(", "))
        };
        lines.push(format!(
            "{indent}{visible}fn {}({}){ret}{fails} {{",
            function.name,
            params.join(", ")
        ));
        lines.extend(function.body.iter().map(|line| format!("{indent}  {line}")));
        lines.push(format!("{indent}}}"));
    }
}
