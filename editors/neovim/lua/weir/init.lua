-- Starts the language server for buffers of Weir, in all Neovims from 0.7 on. `ftplugin/weir.vim` calls it.
--
-- `vim.g.weir_server` is the command, if it is another than `weir lsp`; `vim.g.weir_no_server = true` starts none.

local M = {}

-- By the folder of a program, for Neovim before 0.8, which does not look for a server that is already there.
local clients = {}

--- The nearest folder above a file that holds `weir.toml` or `.git`; else the file's own.
local function root_of(path)
  local folder = vim.fn.fnamemodify(path, ":p:h")
  for _, marker in ipairs({ "weir.toml", ".git" }) do
    local found = vim.fn.finddir(marker, vim.fn.escape(folder, " ,;") .. ";")
    if found == "" then
      found = vim.fn.findfile(marker, vim.fn.escape(folder, " ,;") .. ";")
    end
    if found ~= "" then
      return vim.fn.fnamemodify(found, ":p"):gsub("/+$", ""):gsub("/[^/]*$", "")
    end
  end
  return folder
end

--- What the server is started with, for the file of a buffer.
function M.config(buffer)
  local root = root_of(vim.api.nvim_buf_get_name(buffer))
  return {
    name = "weir",
    cmd = vim.g.weir_server or { "weir", "lsp" },
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = vim.fn.fnamemodify(root, ":t") } },
    capabilities = vim.lsp.protocol.make_client_capabilities(),
    -- Changes are told at once: what is asked before the server knows all of them, it refuses.
    flags = { debounce_text_changes = 0 },
  }
end

--- Starts the server for a buffer, or hands the buffer to the one that is there.
function M.attach(buffer)
  if buffer == nil or buffer == 0 then
    buffer = vim.api.nvim_get_current_buf()
  end
  if vim.api.nvim_buf_get_name(buffer) == "" or vim.bo[buffer].buftype ~= "" then
    return
  end
  local config = M.config(buffer)
  if vim.fn.executable(config.cmd[1]) ~= 1 then
    vim.schedule(function()
      vim.notify("weir: `" .. config.cmd[1] .. "` is not on the path, so there is no language server", vim.log.levels.WARN)
    end)
    return
  end
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = buffer })
  end
  local key = config.root_dir
  if not clients[key] or vim.lsp.client_is_stopped(clients[key]) then
    clients[key] = vim.lsp.start_client(config)
  end
  if clients[key] then
    vim.lsp.buf_attach_client(buffer, clients[key])
  end
  return clients[key]
end

return M
