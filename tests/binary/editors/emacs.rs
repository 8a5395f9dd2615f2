//! The Emacs mode compiles without a warning, colours, and indents as the formatter does. Only where Emacs is
//! installed: it is too large to bring.

use std::fs;
use std::process::Command;

use weir_tests::process::Scratch;

use crate::{ROOT, is_there, run};

const SCRIPT: &str = r#"
(let ((problems nil))
  (find-file (getenv "PROGRAM"))
  (font-lock-ensure)
  (unless (eq major-mode 'weir-mode) (push (format "mode %s" major-mode) problems))
  (dolist (case '(("^ +\\(@role\\)" font-lock-preprocessor-face) ("\\(entity\\) Acc" font-lock-keyword-face)
                  ("entity \\(Account\\)" font-lock-type-face) ("\\(invariant\\)" font-lock-keyword-face)
                  ("fn \\(deposit\\)" font-lock-function-name-face) ("\\(require\\)" font-lock-keyword-face)))
    (goto-char (point-min))
    (re-search-forward (car case))
    (let ((face (get-text-property (match-beginning 1) 'face)))
      (unless (eq face (cadr case)) (push (format "%s is %s" (car case) face) problems))))
  (let ((formatted (buffer-string)))
    (goto-char (point-min))
    (while (re-search-forward "^ +" nil t) (replace-match ""))
    (indent-region (point-min) (point-max))
    (unless (equal (buffer-string) formatted) (push "it does not indent as the formatter" problems)))
  (message "%s" (or problems "all is well"))
  (kill-emacs (if problems 1 0)))
"#;

#[test]
fn the_emacs_mode_compiles_colours_and_indents() {
    if !is_there("emacs") {
        eprintln!("skipped: there is no `emacs`; `apt-get install emacs-nox` brings it");
        return;
    }
    let scratch = Scratch::new("emacs");
    let mode = scratch.join("weir-mode.el");
    fs::copy(format!("{ROOT}/editors/emacs/weir-mode.el"), &mode).expect("there is a mode");
    let program = scratch.join("bank.weir");
    fs::copy(format!("{ROOT}/examples/bank/bank.weir"), &program).expect("there is an example");
    let batch = |args: &[&str]| {
        let mut emacs = Command::new("emacs");
        emacs.args(["-Q", "--batch"]).args(args);
        run(emacs.env("HOME", scratch.path()).env("PROGRAM", &program))
    };
    let strict = "(setq byte-compile-error-on-warn t)";
    let (exit, said) = batch(&["--eval", strict, "-f", "batch-byte-compile", &mode]);
    assert_eq!(exit, Some(0), "{said}");
    let (exit, said) = batch(&["-l", &mode, "--eval", SCRIPT]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("all is well"), "{said}");
}
