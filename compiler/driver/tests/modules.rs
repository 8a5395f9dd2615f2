//! Programs of many files: what each sees of the others, and what is said when it does not.

use weir_diagnostics::Diagnostic;
use weir_driver::{Memory, build, check, files, find};

const PRICES: &str = "enum Kind { Big, Small }\nlet factor = 1.5\nfn double(x: Int) -> Int = x * 2\n\
    record Offer(kind: Kind, price: Int = double(2))\n";
const ORDERS: &str = "import prices\nerror Empty\nentity Order(id: Text) {\n  pub state qty: Int = 0\n  \
    pub fn place(qty: Int) fails Empty {\n    require qty > 0 else Empty\n    self.qty = prices.double(qty)\n  }\n}\n\
    fn double(x: Int) -> Int = x * 3\n";

/// `CODE FILE:LINE message | help`, one a line.
fn said(main: &str) -> String {
    let world = Memory::default()
        .with("main.weir", main)
        .with("prices.weir", PRICES)
        .with("shop/orders.weir", ORDERS);
    let program = find(&world, "main.weir".as_ref()).expect("it is there");
    let analysis = check(&world, &program).expect("it can be read");
    let shown = |d: &Diagnostic| {
        let file = analysis.sources.file(d.primary.span.file);
        let line = file.text[..d.primary.span.start as usize]
            .matches('\n')
            .count()
            + 1;
        let help = d.help.as_deref().unwrap_or_default();
        format!("{} {}:{line} {} | {help}\n", d.code, file.name, d.message)
    };
    let all: String = analysis.diagnostics.iter().map(shown).collect();
    assert_eq!(
        all.is_empty(),
        build(&program, &analysis).is_some(),
        "{all}"
    );
    all
}

#[test]
fn names_of_other_modules_are_seen_one_by_one_or_behind_a_dot() {
    let main = "import prices\nimport shop.orders.{Order, Empty}\nimport shop.orders as o\n\
        pub fn total(qty: Int) -> Decimal = prices.double(qty).to_decimal() * prices.factor\n\
        pub fn place(id: Text) -> Text fails Empty {\n  Order(id).place(2)?\n  \
        let offer = prices.Offer(prices.Kind.Big)\n  \
        \"{[1, 2].map(prices.double)} {o.double(1)} {o.Order(id).qty} {offer.price}\"\n}\n\
        pub fn turn(k: prices.Kind) -> prices.Kind fails o.Empty = match k {\n  \
        Big => prices.Kind.Small\n  Small => fail o.Empty\n}\n\
        fn double(x: Int) -> Int = x\npub fn one() -> Int = double(1)\n";
    assert_eq!(said(main), "");
}

#[test]
fn what_is_not_imported_is_not_seen() {
    let main = "import shop.orders\npub fn a() -> Int = double(1)\npub fn b() -> Kind = Kind.Big\n\
        pub fn c() fails Empty = orders.Order(\"a\").place(1)?\nfn d() -> Int = 1.double()\n";
    assert_eq!(
        said(main),
        "E0201 main.weir:2 there is no function `double` here | `shop.orders` has it: write `orders.double`\n\
         E0202 main.weir:3 there is no type `Kind` | `prices` has it: write `import prices.{Kind}`\n\
         E0201 main.weir:3 there is no `Kind` here | `prices` has it: write `import prices.{Kind}`\n\
         E0202 main.weir:4 there is no error `Empty` | `shop.orders` has it: write `orders.Empty`\n\
         E0204 main.weir:5 `Int` has no `double` | write `import shop.orders.{double}`: behind a dot stand functions whose names are imported\n"
    );
}

#[test]
fn what_is_not_there_is_told_with_the_nearest() {
    let main = "import price\nimport nowhere.at.all\nimport prices.{doubel}\nimport shop.orders as prices\n\
        import prices\npub fn a() -> Int = prices.limit\npub fn b(o: shop.orders.Order) -> Int = 1\n";
    assert_eq!(
        said(main),
        "E0206 main.weir:1 there is no module `price` | did you mean `prices`?\n\
         E0206 main.weir:2 there is no module `nowhere.at.all` | put it into `nowhere/at/all.weir`, in the folder of the program's first file\n\
         E0204 main.weir:3 the module `prices` has no `doubel` | did you mean `double`?\n\
         E0203 main.weir:5 `prices` is declared twice | rename one of them\n\
         E0204 main.weir:6 the module `shop.orders` has no `limit` | declare it in `shop/orders.weir`\n\
         E0201 main.weir:7 there is no module `shop.orders` here | import it: `import shop.orders`, and write `orders.Order`\n"
    );
}

#[test]
fn a_type_has_one_name_in_the_whole_program() {
    let main = "import shop.orders\nrecord Order(x: Int)\npub fn a() -> Int = Order(1).x\n";
    assert_eq!(
        said(main),
        "E0203 shop/orders.weir:3 `Order` is declared twice | rename one of them\n"
    );
}

#[test]
fn circles_are_told_with_their_way() {
    let world = Memory::default()
        .with("main.weir", "import a\npub fn one() -> Int = a.one()\n")
        .with("a.weir", "import b\nfn one() -> Int = b.one()\n")
        .with("b.weir", "import a\nfn one() -> Int = a.one()\n");
    let program = find(&world, "main.weir".as_ref()).expect("it is there");
    let analysis = check(&world, &program).expect("it can be read");
    let [found] = analysis.diagnostics.as_slice() else {
        panic!("{:?}", analysis.diagnostics)
    };
    assert_eq!(found.message, "imports lead in a circle: `a` -> `b` -> `a`");
    assert_eq!(found.secondary[0].text, "`b` imports `a`");
}

#[test]
fn a_circle_of_many_is_told_without_what_is_not_on_its_way() {
    let world = Memory::default()
        .with("main.weir", "import a\npub fn one() -> Int = a.one()\n")
        .with("a.weir", "import b\nimport c\nfn one() -> Int = b.one()\n")
        .with("b.weir", "import c\nfn one() -> Int = c.one()\n")
        .with("c.weir", "import a\nfn one() -> Int = a.one()\n");
    let program = find(&world, "main.weir".as_ref()).expect("it is there");
    let analysis = check(&world, &program).expect("it can be read");
    let [found] = analysis.diagnostics.as_slice() else {
        panic!("{:?}", analysis.diagnostics)
    };
    let message = "imports lead in a circle: `a` -> `b` -> `c` -> `a`";
    assert_eq!(found.message, message);
    assert_eq!(found.secondary.len(), 2);
}

#[test]
fn errors_are_told_in_the_file_they_are_in() {
    let world = Memory::default()
        .with("main.weir", "import a\npub fn one() -> Int = a.one()\n")
        .with("a.weir", "fn one() -> Int = \"1\"\nfn two( -> Int = 2\n");
    let program = find(&world, "main.weir".as_ref()).expect("it is there");
    let analysis = check(&world, &program).expect("it can be read");
    let files: Vec<&str> = analysis
        .diagnostics
        .iter()
        .map(|d| analysis.sources.file(d.primary.span.file).name.as_str())
        .collect();
    assert!(files.len() >= 2, "{:?}", analysis.diagnostics);
    assert!(files.iter().all(|name| *name == "a.weir"), "{files:?}");
}

#[test]
fn the_files_to_look_at_are_all_that_are_named() {
    let world = Memory::default()
        .with("p/main.weir", "import prices\nimport gone.soon\n")
        .with("p/prices.weir", PRICES);
    let program = find(&world, "p/main.weir".as_ref()).expect("it is there");
    let all: Vec<String> = files(&world, &program)
        .iter()
        .map(|f| f.display().to_string())
        .collect();
    assert_eq!(all, ["p/gone/soon.weir", "p/main.weir", "p/prices.weir"]);
}
