" Indentation of Weir: what brackets hold stands two further in, and so does a statement that goes on.

if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=WeirIndent(v:lnum) indentkeys=0{,0},0),0],!^F,o,O
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*WeirIndent')
  finish
endif

" The line without its texts and comment.
function! s:Bare(line)
  let line = substitute(a:line, '"\(\\.\|[^"\\]\)*"', '""', 'g')
  return substitute(line, '//.*$', '', '')
endfunction

" How many brackets a line leaves open; those it closes first belong to lines above.
function! s:Open(line)
  let depth = 0
  for sign in split(s:Bare(a:line), '\zs')
    if sign =~# '[({[]'
      let depth += 1
    elseif sign =~# '[)}\]]' && depth > 0
      let depth -= 1
    endif
  endfor
  return depth
endfunction

" What a line begins with that carries on the line before.
let s:carries_on = '^\s*\%(\%(and\|or\|where\|join\|select\|undo\|is\|in\|\%(group\|sort\)\s\+by\)\>\|\.\.\@!\|??\|[-=!<>]=\|[-=]>\|/\@!\%(+\|\*\|%\||\|=\|/\/\@!\)\)'

function! s:CarriesOn(line)
  return a:line =~# s:carries_on
endfunction

function! WeirIndent(number)
  let above = prevnonblank(a:number - 1)
  if above == 0
    return 0
  endif
  let here = getline(a:number)
  let indent = indent(above)
  if s:CarriesOn(here)
    " Further lines stand under the first that carries on.
    return s:CarriesOn(getline(above)) ? indent : indent + shiftwidth()
  endif
  if here =~# '^\s*fails\>'
    return indent + 2 * shiftwidth()
  endif
  let first = above
  while first > 1 && (s:CarriesOn(getline(first)) || getline(first) =~# '^\s*fails\>')
    let first = prevnonblank(first - 1)
  endwhile
  let indent = s:Open(getline(above)) > 0 && first == above ? indent : indent(first)
  if s:Open(getline(above)) > 0
    let indent += shiftwidth()
  elseif s:Bare(getline(above)) =~# '[^=!<>]=\s*$'
    let indent += shiftwidth()
  elseif above > 1 && s:Bare(getline(prevnonblank(above - 1))) =~# '[^=!<>]=\s*$'
    let indent -= shiftwidth()
  endif
  if here =~# '^\s*[)}\]]'
    let indent -= shiftwidth()
  endif
  return max([indent, 0])
endfunction
