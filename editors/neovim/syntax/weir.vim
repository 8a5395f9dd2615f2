" Colours of Weir for Vim and Neovim. A test holds the keywords to those of the compiler.

if exists('b:current_syntax')
  finish
endif

syn case match
syn iskeyword @,48-57,_

" Names first: what is below counts before it.
syn match weirType "\<[A-Z]\w*\>"
syn match weirCall "\<[a-z_]\w*\ze("
syn match weirField "\.\@<=\<[a-z_]\w*\>"

" Hard keywords are never the name of a value.
syn keyword weirConditional if else match wait after require
syn keyword weirRepeat for while break continue
syn keyword weirStatement return fail expect send peek undo atomic parallel where join select
syn keyword weirOperator and or not is in
syn keyword weirDeclaration fn let var
syn keyword weirModifier pub scratch
syn keyword weirBoolean true false
syn keyword weirSelf self

" Soft keywords are names as well, where their item or clause cannot begin.
syn match weirStatement "\<\%(group\|sort\)\_s\+by\>"
syn match weirStatement "\<\%(limit\|desc\)\>\ze\s*\%($\|[A-Za-z0-9_,)}\]]\)"
syn match weirInclude "^\s*\zsimport\>\ze\s"
syn match weirInclude "\<as\>\ze\s\+[a-z_]"
syn match weirInclude "\<from\>\ze\s*\""
syn match weirDeclaration "\<\%(record\|enum\|error\|type\|entity\|workflow\|migrate\)\>\ze\s\+[A-Z]"
syn match weirDeclaration "\<\%(state\|merge\|event\|stream\|view\|extern\|on\)\>\ze\s\+[a-z_]"
syn match weirDeclaration "^\s*\zs\%(invariant\|allow\|every\)\>\ze\s\+[A-Za-z0-9_(\"]"
syn match weirDeclaration "^\s*\zstest\>\ze\s*\""
syn match weirException "\<fails\>\ze\s\+[A-Za-z_]"
syn match weirModifier "=\s*\zsnew\>\ze\s"

syn keyword weirBuiltin Bool Int Decimal Float Text Bytes Time Duration Date Money List Map Set Result Run Ticket UserId
syn keyword weirBuiltin Blob EntryId Counter MoneySum Average MaxOf MinOf Flag Latest GrowSet AddSet MergeMap
syn keyword weirConstant None Some Ok

" After a dot and before a colon every word is a name.
syn match weirField "\.\@<=\<\w\+\>"
syn match weirLabel "\<[a-z_]\w*\>\ze\s*:"

syn match weirAttribute "@[A-Za-z]\w*"
syn match weirNumber "\<\d[0-9_]*\>"
syn match weirNumber "\<\d[0-9_]*\.\d[0-9_]*\>"
syn match weirNumber "\<\d[0-9_]*\%(\.\d[0-9_]*\)\?f\>"
syn match weirNumber "\<\d[0-9_]*\%(\.\d[0-9_]*\)\?[A-Z]\{3}\>"
syn match weirNumber "\<\%(\d[0-9_]*\%(ms\|[smhdw]\)\)\+\>"

syn region weirText start=+"+ skip=+\\.+ end=+"+ contains=weirEscape,weirHole
syn match weirEscape "\\\%(u{\x*}\|.\)" contained
syn region weirHole matchgroup=weirDelimiter start="{" end="}" contained contains=TOP,weirBraces
syn region weirBraces start="{" end="}" contained contains=TOP,weirBraces
syn match weirTime "\<[td]\"[^\"]*\""

syn match weirComment "//.*$" contains=weirTodo,@Spell
syn match weirDocComment "///\%(/\)\@!.*$" contains=weirTodo,@Spell
syn keyword weirTodo TODO FIXME contained

syn sync minlines=200

hi def link weirAttribute PreProc
hi def link weirBoolean Boolean
hi def link weirBuiltin Type
hi def link weirCall Function
hi def link weirComment Comment
hi def link weirConditional Conditional
hi def link weirConstant Constant
hi def link weirDeclaration Keyword
hi def link weirDelimiter Delimiter
hi def link weirDocComment SpecialComment
hi def link weirEscape SpecialChar
hi def link weirException Exception
hi def link weirField Identifier
hi def link weirInclude Include
hi def link weirLabel Identifier
hi def link weirModifier StorageClass
hi def link weirNumber Number
hi def link weirOperator Operator
hi def link weirRepeat Repeat
hi def link weirSelf Special
hi def link weirStatement Statement
hi def link weirText String
hi def link weirTime String
hi def link weirTodo Todo
hi def link weirType Type

let b:current_syntax = 'weir'
