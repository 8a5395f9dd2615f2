//! A long program, for measuring how the time of checking and building grows.

use std::fmt::Write;

/// A well-typed program of at least `lines` lines: entities that differ in name, each with state, a rule, handlers
/// that call the entity before, and a test.
pub fn program(lines: usize) -> String {
    let mut text = String::from(
        "@status(409)\nerror Short(have: Int)\n\nrecord Note(at: Time, text: Text, qty: Int)\n",
    );
    let mut count = 4;
    let mut number = 0;
    while count < lines {
        let entity = entity(number);
        count += entity.lines().count();
        text.push_str(&entity);
        number += 1;
    }
    text
}

fn entity(number: usize) -> String {
    let mut text = String::new();
    let before = number.saturating_sub(1);
    write!(
        text,
        r#"
/// Part {number}.
entity Part{number}(id: Text) {{
  pub state left: Int = 0
  state held: Map<Text, Int> = [:]
  state notes: List<Note> = []

  invariant left >= 0

  pub fn receive(qty: Int) -> Int {{
    left += qty
    notes.push(Note(now(), "received {{qty}}", qty))
    left
  }}

  pub fn hold(order: Text, qty: Int) -> Int fails Short {{
    require left >= qty else Short(have: left)
    left -= qty
    held[order] = (held[order] ?? 0) + qty
    notes.push(Note(now(), "held for {{order}}", qty))
    left
  }}

  pub fn total(from: Int, to: Int) -> Int {{
    var sum = 0
    for n in from..to {{
      if n % 3 == 0 {{
        sum += n * {number}
      }} else {{
        sum -= n
      }}
    }}
    sum + notes.length()
  }}

  pub fn move_on(qty: Int) -> Int fails Short {{
    let rest = hold("next", qty)?
    Part{before}(id).receive(qty)
    rest
  }}
}}

test "part {number} holds what it has" {{
  Part{number}("a").receive(3)
  expect Part{number}("a").hold("o", 2)? == 1
  expect Part{number}("a").hold("o", 2) is Short(1)
}}
"#
    )
    .expect("writing to memory");
    text
}
