//! The outside world of a program: the functions it may call there, and their answers.

use weir_contract::Value;

use super::{Extern, Gen, Ty};

/// A function of the outside world.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Of the `extern` block.
    pub module: String,
    pub function: String,
    answers: Vec<Answer>,
}

/// A value, or an error by name with its fields.
pub type Answer = Result<Value, (String, Vec<Value>)>;

impl Outside {
    pub fn new(module: &str, function: &str, answers: Vec<Answer>) -> Outside {
        assert!(!answers.is_empty(), "nobody answers");
        Outside {
            module: module.into(),
            function: function.into(),
            answers,
        }
    }

    /// The same for the same arguments, whoever asks and how often.
    pub fn answer(&self, args: &[Value]) -> Answer {
        let text = format!("{args:?}");
        let sum = text.bytes().fold(0usize, |sum, byte| sum + byte as usize);
        self.answers[sum % self.answers.len()].clone()
    }
}

impl Gen {
    pub fn outside(&mut self) {
        for i in 0..1 + self.below(4) {
            let params = (0..self.below(3)).map(|_| self.any_type(1)).collect();
            let ret = if i == 0 { Ty::Int } else { self.any_type(1) };
            let fails = (0..self.errors.len()).filter(|_| self.on(40)).collect();
            let name = format!("{}.ask{i}", self.module());
            self.externs.push(Extern {
                name,
                params,
                ret,
                fails,
            });
        }
    }

    fn module(&self) -> String {
        format!("outside{}", self.member)
    }

    pub fn extern_source(&self) -> String {
        let module = self.module();
        let mut lines = vec![format!("extern {module} from \"http:{module}\" {{")];
        for (i, function) in self.externs.iter().enumerate() {
            let promise = if i % 2 == 0 { "@read" } else { "@idempotent" };
            let params = function.params.iter().enumerate();
            let params = params.map(|(i, ty)| format!("a{i}: {}", self.spell(ty)));
            let params: Vec<String> = params.collect();
            let fails = function.fails.iter().map(|e| self.errors[*e].name.as_str());
            let fails: Vec<&str> = fails.collect();
            let fails = match fails.is_empty() {
                true => String::new(),
                false => format!(" fails {}", fails.join(", ")),
            };
            lines.push(format!(
                "  {promise} fn ask{i}({}) -> {}{fails}",
                params.join(", "),
                self.spell(&function.ret)
            ));
        }
        lines.push("}".to_owned());
        lines.join("\n") + "\n"
    }

    pub fn answers(&mut self) -> Vec<Outside> {
        let mut outside = Vec::new();
        for i in 0..self.externs.len() {
            let (ret, fails) = (self.externs[i].ret.clone(), self.externs[i].fails.clone());
            let answers = (0..5).map(|_| {
                if fails.is_empty() || self.on(70) {
                    return Ok(self.value(&ret, 0));
                }
                let error = self.pick(&fails);
                let (name, fields) = (
                    self.errors[error].name.clone(),
                    self.errors[error].fields.clone(),
                );
                Err((
                    name,
                    fields.iter().map(|(_, ty)| self.value(ty, 0)).collect(),
                ))
            });
            outside.push(Outside {
                answers: answers.collect(),
                module: self.module(),
                function: format!("ask{i}"),
            });
        }
        outside
    }
}
