//! Starts `weir lsp` for Zed: `weir` is looked for on the path of the project, so that the server is of the same release as
//! the compiler used there.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Weir;

impl zed::Extension for Weir {
    fn new() -> Self {
        Weir
    }

    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let settings = LspSettings::for_worktree(server.as_ref(), worktree).ok();
        let binary = settings.and_then(|settings| settings.binary);
        let path = binary.as_ref().and_then(|binary| binary.path.clone());
        let command = path.or_else(|| worktree.which("weir")).ok_or(
            "`weir` is not on the path: install it, or name it in the settings as `lsp.weir.binary.path`",
        )?;
        let args = binary.and_then(|binary| binary.arguments);
        Ok(Command {
            command,
            args: args.unwrap_or_else(|| vec!["lsp".into()]),
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(Weir);
