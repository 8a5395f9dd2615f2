;;; weir-mode.el --- Editing Weir -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Keywords: languages
;; Package-Requires: ((emacs "28.1"))
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Colours, indentation and the outline of Weir programs.  With eglot (part
;; of Emacs since 29, a package before), `M-x eglot' starts `weir lsp'.
;; A test holds the keywords to those of the compiler.

;;; Code:

(require 'rx)

(defvar eglot-server-programs)

(defgroup weir nil
  "Editing Weir."
  :group 'languages
  :prefix "weir-")

(defcustom weir-indent-offset 2
  "How far what brackets hold is indented."
  :type 'integer
  :safe #'integerp)

(defcustom weir-command "weir"
  "The compiler, on the path or with its place."
  :type 'string)

(defconst weir-hard-keywords
  '("pub" "fn" "let" "var" "if" "else" "match" "is" "for" "in" "while"
    "break" "continue" "return" "fail" "require" "expect" "send" "after"
    "peek" "wait" "undo" "atomic" "parallel" "scratch" "where" "join"
    "select" "and" "or" "not" "true" "false" "self")
  "Words that are never the name of a value.")

(defconst weir-soft-keywords
  '("import" "as" "from" "record" "enum" "error" "type" "new" "entity"
    "workflow" "state" "merge" "event" "invariant" "stream" "view" "on"
    "every" "extern" "test" "migrate" "fails" "limit" "desc" "allow"
    "group" "sort" "by")
  "Words that are keywords where their item or clause begins.")

(defconst weir-builtin-types
  '("Bool" "Int" "Decimal" "Float" "Text" "Bytes" "Time" "Duration" "Date"
    "Money" "List" "Map" "Set" "Result" "Run" "Ticket" "UserId" "Blob"
    "EntryId" "Counter" "MoneySum" "Average" "MaxOf" "MinOf" "Flag"
    "Latest" "GrowSet" "AddSet" "MergeMap")
  "Types that are built in.")

(defconst weir-font-lock-keywords
  `((,(rx "@" alpha (* (any alnum "_"))) . font-lock-preprocessor-face)
    (,(rx symbol-start (or "fn" "event") (+ space)
          (group (any "a-z_") (* (any alnum "_"))))
     (1 font-lock-function-name-face))
    (,(rx symbol-start
          (or "record" "enum" "error" "type" "entity" "workflow") (+ space)
          (group (any "A-Z") (* (any alnum "_"))))
     (1 font-lock-type-face))
    ;; After a dot and before a colon every word is a name.
    (,(rx (or bol (not (any "." alnum "_")))
          (group (regexp (regexp-opt weir-hard-keywords)))
          symbol-end (not (any ":")))
     (1 font-lock-keyword-face))
    ;; A soft keyword is one where another word, a text or a number follows.
    (,(rx (or bol (not (any "." alnum "_")))
          (group (regexp (regexp-opt weir-soft-keywords)))
          symbol-end (+ space) (any alnum "_\"("))
     (1 font-lock-keyword-face))
    (,(regexp-opt weir-builtin-types 'symbols) . font-lock-type-face)
    (,(regexp-opt '("None" "Some" "Ok") 'symbols) . font-lock-constant-face)
    (,(rx symbol-start (any "A-Z") (* (any alnum "_")) symbol-end)
     . font-lock-type-face)
    (,(rx symbol-start (group (any "a-z_") (* (any alnum "_"))) "(")
     (1 font-lock-function-name-face))
    (,(rx symbol-start digit (* (any alnum "_.")) symbol-end)
     . font-lock-constant-face))
  "Colours of Weir.")

(defvar weir-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?\" "\"" table)
    (dolist (sign '(?+ ?- ?* ?% ?< ?> ?= ?| ?? ?@))
      (modify-syntax-entry sign "." table))
    table)
  "Texts, comments and signs of Weir.")

(defconst weir-carries-on
  (rx (or (seq (or "and" "or" "where" "join" "select" "undo" "is" "in"
                   (seq (or "group" "sort") (+ space) "by"))
               symbol-end)
          (seq "." (not (any ".")))
          "??" "=>" "->" "==" "!=" "<=" ">=" "+" "*" "%" "|" "="
          (seq "/" (not (any "/")))))
  "What a line begins with that carries on the line before.")

(defun weir--ends-open-p ()
  "Whether the last line of code above ends with an equals sign."
  (save-excursion
    (forward-line 0)
    (forward-comment (- (point)))
    (and (eq (char-before) ?=)
         (not (memq (char-before (1- (point))) '(?= ?! ?< ?>))))))

(defun weir--wanted-indentation ()
  "Where this line begins: by the brackets open there, and what it begins with."
  (save-excursion
    (let ((depth (car (syntax-ppss (line-beginning-position)))))
      (back-to-indentation)
      (* weir-indent-offset
         (max 0 (cond ((looking-at-p "[])}]") (1- depth))
                      ((looking-at-p (rx "fails" symbol-end)) (+ depth 2))
                      ((looking-at-p weir-carries-on) (1+ depth))
                      ((weir--ends-open-p) (1+ depth))
                      (t depth)))))))

(defun weir-indent-line ()
  "Indent this line; inside a text of several lines nothing is moved."
  (interactive)
  (unless (nth 3 (syntax-ppss (line-beginning-position)))
    (let ((wanted (weir--wanted-indentation)))
      (if (<= (current-column) (current-indentation))
          (indent-line-to wanted)
        (save-excursion (indent-line-to wanted))))))

(defconst weir-imenu-expression
  `(("Tests" ,(rx bol (* space) "test" (+ space) "\"" (group (+ (not (any "\""))))) 1)
    ("Functions" ,(rx bol (* space) (? "pub" (+ space)) "fn" (+ space)
                      (group (+ (any alnum "_"))))
     1)
    ("Types" ,(rx bol (* space)
                  (or "record" "enum" "error" "type" "entity" "workflow")
                  (+ space) (group (+ (any alnum "_"))))
     1))
  "What is declared in a file.")

;;;###autoload
(define-derived-mode weir-mode prog-mode "Weir"
  "Major mode for Weir."
  (setq-local comment-start "// "
              comment-start-skip "///*[ \t]*"
              indent-tabs-mode nil
              indent-line-function #'weir-indent-line
              font-lock-defaults '(weir-font-lock-keywords)
              imenu-generic-expression weir-imenu-expression
              compile-command (concat weir-command " check")))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.weir\\'" . weir-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               `(weir-mode . (,weir-command "lsp"))))

;; `weir check' in `M-x compile': the line below a message tells the place.
(with-eval-after-load 'compile
  (defvar compilation-error-regexp-alist)
  (defvar compilation-error-regexp-alist-alist)
  (add-to-list 'compilation-error-regexp-alist-alist
               '(weir "┌─ \\([^:\n]+\\.weir\\):\\([0-9]+\\):\\([0-9]+\\)" 1 2 3))
  (add-to-list 'compilation-error-regexp-alist 'weir))

(provide 'weir-mode)
;;; weir-mode.el ends here
