" Weir in Vim and Neovim: how a file is edited; in Neovim the language server is started as well.

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:///,:// commentstring=//\ %s formatoptions-=t formatoptions+=croql
setlocal expandtab shiftwidth=2 softtabstop=2 tabstop=2
setlocal suffixesadd=.weir
let b:undo_ftplugin = 'setlocal comments< commentstring< formatoptions< expandtab< shiftwidth< softtabstop< tabstop< suffixesadd<'

if has('nvim') && !get(g:, 'weir_no_server', 0)
  lua require('weir').attach(0)
endif
