-- The language server of Weir for `vim.lsp.enable("weir")`, Neovim 0.11 and later. Older ones: `lua/weir/init.lua`.

return {
  cmd = { "weir", "lsp" },
  filetypes = { "weir" },
  root_markers = { "weir.toml", ".git" },
}
