//! A headless Neovim opens a project with the plug-in of `editors/neovim` and the real binary: it sees the diagnostic, completes,
//! renames in two files, formats and saves. `session.lua` is what it does there.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use weir_tests::process::{Scratch, said};

use crate::{ROOT, WEIR, is_there, run};

const MAIN: &str = "import prices\n\n\
    /// Twice as much.\n\
    fn twice(n: Int) -> Int = n * 2\n\n\
    pub fn total(n: Int) -> Int {\n      let sum = twice(prices.base)\n  sum + nn\n}\n";

const PRICES: &str = "let base: Int = 3\n\nfn more() -> Int = base + 1\n";

#[test]
fn neovim_sees_completes_renames_formats_and_saves() {
    if !bring_neovim() {
        return;
    }
    let project = Scratch::new("neovim");
    fs::write(project.join("weir.toml"), "entry = \"main.weir\"\n").expect("written");
    fs::write(project.join("main.weir"), MAIN).expect("written");
    fs::write(project.join("prices.weir"), PRICES).expect("written");
    let answers = project.join("answers.json");
    let mut nvim = Command::new("nvim");
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n"])
        .args(["--cmd", &format!("set runtimepath^={ROOT}/editors/neovim")])
        .args(["--cmd", "filetype plugin indent on | syntax on"])
        .args([
            "-c",
            &format!("luafile {ROOT}/tests/binary/editors/session.lua"),
        ])
        .current_dir(project.path())
        .env("HOME", project.path())
        .env("XDG_CONFIG_HOME", project.path())
        .env("XDG_CACHE_HOME", project.path())
        .env("XDG_STATE_HOME", project.path())
        .env("WEIR", WEIR)
        .env("ANSWERS", &answers);
    let (exit, told) = run(&mut nvim);
    assert_eq!(exit, Some(0), "{told}");
    let answers = fs::read_to_string(answers).unwrap_or_else(|why| panic!("{why}\n{told}"));
    let answers: Value = serde_json::from_str(&answers).expect("JSON");

    assert_eq!(answers["filetype"], "weir");
    assert_eq!(answers["server"]["cmd"], json!(["weir", "lsp"]));
    assert_eq!(answers["server"]["filetypes"], json!(["weir"]));
    assert_eq!(answers["comment"], "// %s");
    for (word, group) in [
        ("import", "weirInclude"),
        ("Twice", "weirDocComment"),
        ("fn", "weirDeclaration"),
        ("Int", "weirBuiltin"),
        ("2", "weirNumber"),
        ("pub", "weirModifier"),
        ("base", "weirField"),
    ] {
        assert_eq!(answers["colours"][word], group, "{word}");
    }
    let found = answers["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["line"], 7);
    let message = found[0]["message"].as_str().expect("a message");
    assert!(message.contains("`nn`"), "{message}");
    assert_eq!(answers["left"], 0, "the diagnostic goes when it is mended");
    // `false` where the server offers none.
    if let Some(labels) = answers["completion"].as_array() {
        for name in ["base", "more"] {
            // Behind the name a server may show what it takes.
            let mut shown = labels.iter().filter_map(Value::as_str);
            let there = shown.any(|label| label.split('(').next() == Some(name));
            assert!(there, "{name} is not among {labels:?}");
        }
    }

    let main = fs::read_to_string(project.join("main.weir")).expect("saved");
    let prices = fs::read_to_string(project.join("prices.weir")).expect("saved");
    assert_eq!(
        main,
        MAIN.replace("      let", "  let")
            .replace("sum + nn", "sum + n")
            .replace("prices.base", "prices.least")
    );
    assert_eq!(prices, PRICES.replace("base", "least"));
    let (exit, _, err) = said(WEIR, project.path(), &["check"]);
    assert_eq!(exit, 0, "{err}");
}

/// Without any indentation, then indented again: as `weir fmt` writes them. Vim reads the same file.
#[test]
fn neovim_indents_as_the_formatter_does() {
    if !bring_neovim() {
        return;
    }
    let folder = Scratch::new("indents");
    let mut programs = Vec::new();
    for path in ["examples/bank/bank.weir", "examples/shop/shop.weir"]
        .iter()
        .chain(&["examples/json/json.weir", "stdlib/date.weir"])
    {
        let name = folder.join(&path.replace('/', "_"));
        let program = fs::read_to_string(format!("{ROOT}/{path}")).expect("there is a program");
        let flat: String = program
            .lines()
            .map(|line| line.trim_start().to_owned() + "\n")
            .collect();
        assert!(flat != program);
        fs::write(&name, flat).expect("written");
        programs.push((name, program));
    }
    let mut nvim = Command::new("nvim");
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n"])
        .args(["--cmd", &format!("set runtimepath^={ROOT}/editors/neovim")])
        .args(["--cmd", "let g:weir_no_server = 1"])
        .args(["--cmd", "filetype plugin indent on"])
        .args(["-c", "argdo silent normal! gg=G"])
        .args(["-c", "silent wall | qall!"])
        .args(programs.iter().map(|(name, _)| name))
        .env("HOME", folder.path());
    let (exit, told) = run(&mut nvim);
    assert_eq!(exit, Some(0), "{told}");
    for (name, program) in programs {
        let indented = fs::read_to_string(&name).expect("saved");
        assert_eq!(indented, program, "{name}");
    }
}

/// Whether there is a Neovim. On a machine of CI, or where the tests may install packages, it is brought; elsewhere the test
/// says that it was left out.
fn bring_neovim() -> bool {
    if is_there("nvim") {
        return true;
    }
    let apt = |args: &[&str]| {
        let ran = Command::new("apt-get")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output();
        ran.is_ok_and(|ran| ran.status.success())
    };
    let is_root = Command::new("id").arg("-u").output();
    let is_root = is_root.is_ok_and(|id| id.stdout == b"0\n");
    let install = ["install", "-y", "--no-install-recommends", "neovim"];
    if is_root && (apt(&install) || apt(&["update"]) && apt(&install)) && is_there("nvim") {
        eprintln!("installed: neovim");
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "there is no `nvim`, and it could not be installed"
    );
    eprintln!("skipped: there is no `nvim`; `apt-get install neovim` brings it");
    false
}
