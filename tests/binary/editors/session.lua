-- What the headless Neovim of `neovim.rs` does. Written for 0.7 and later. Answers go to the file ANSWERS as JSON; a step that
-- does not come to its end ends Neovim with code 1 and says which.

local answers = {}
local PATIENCE_MS = 60000

local function await(what, done)
  if not vim.wait(PATIENCE_MS, done, 20) then
    error("waited in vain for " .. what)
  end
end

local function client()
  local all = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = 0 })
    or vim.tbl_values(vim.lsp.buf_get_clients(0))
  return all[1]
end

--- Puts the cursor on a word: the first in the buffer, from a line on.
local function to(word, line)
  vim.api.nvim_win_set_cursor(0, { line or 1, 0 })
  assert(vim.fn.search("\\C\\V" .. word, "cW") > 0, word .. " is in the text")
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

local function session()
  vim.g.weir_server = { vim.env.WEIR, "lsp" }
  vim.o.hidden = true
  vim.cmd("edit main.weir")
  local form = vim.api.nvim_get_runtime_file("lsp/weir.lua", false)[1]
  answers.server = dofile(assert(form, "the form of Neovim 0.11 is there"))
  answers.filetype = vim.bo.filetype
  answers.comment = vim.bo.commentstring
  answers.colours = {}
  for _, word in ipairs({ "import", "Twice", "fn", "Int", "2", "pub", "base" }) do
    to(word)
    local place = vim.api.nvim_win_get_cursor(0)
    answers.colours[word] = vim.fn.synIDattr(vim.fn.synID(place[1], place[2] + 1, 1), "name")
  end

  await("the server", function()
    return client() ~= nil
  end)
  await("a diagnostic", function()
    return #vim.diagnostic.get(0) > 0
  end)
  answers.diagnostics = {}
  for _, found in ipairs(vim.diagnostic.get(0)) do
    table.insert(answers.diagnostics, { line = found.lnum, message = found.message })
  end
  vim.api.nvim_buf_set_lines(0, 7, 8, true, { "  sum + n" })
  await("the diagnostic to go", function()
    return #vim.diagnostic.get(0) == 0
  end)
  answers.left = #vim.diagnostic.get(0)

  local provider = client().server_capabilities.completionProvider
  answers.completion = false
  if provider then
    to("prices.base")
    local place = vim.api.nvim_win_get_cursor(0)
    local params = vim.lsp.util.make_position_params(0, client().offset_encoding)
    params.position.character = place[2] + #"prices."
    local replies = vim.lsp.buf_request_sync(0, "textDocument/completion", params, PATIENCE_MS)
    local reply = assert(replies and select(2, next(replies)), "an answer to completion")
    local items = assert(reply.result, vim.inspect(reply)).items or reply.result
    answers.completion = {}
    for _, item in ipairs(items) do
      table.insert(answers.completion, item.label)
    end
  end

  -- Two columns further in is where the name begins that is declared in the other file.
  to("base")
  vim.lsp.buf.rename("least")
  await("the new name", function()
    return text():find("prices.least", 1, true) ~= nil
  end)
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = PATIENCE_MS })
  else
    vim.lsp.buf.formatting_sync(nil, PATIENCE_MS)
  end
  vim.cmd("wall")
end

local fine, why = xpcall(session, debug.traceback)
if not fine then
  io.stderr:write(tostring(why) .. "\n")
  vim.cmd("cquit 1")
end
local file = assert(io.open(vim.env.ANSWERS, "w"))
file:write(vim.fn.json_encode(answers))
file:close()
for _, running in ipairs(vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()) do
  vim.lsp.stop_client(running.id)
end
vim.wait(5000, function()
  return #(vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()) == 0
end, 20)
vim.cmd("qall!")
