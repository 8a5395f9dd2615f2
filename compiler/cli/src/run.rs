//! `weir run`: serves a program over HTTP on this machine, and takes over each time its file is saved.

use crate::blobs::BLOBS;
use crate::components;
use crate::memory;
use crate::output::{Failure, Outcome, Style, say};
use crate::place::{self, Note};
use crate::program::{self, ToRun};
use crate::reload::{Reloaded, Running, reload};
use crate::routes::routes;
use crate::settings;
use crate::watch::{self, Event, Watch};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use weir_contract::Manifest;
use weir_contract::blobs::Blobs;
use weir_driver::{Bundle, BundleError, Disk, Program, Session};
use weir_engine::Code;
use weir_log::Log;
use weir_node::outside::environment_name;
use weir_node::outside::http::Bases;
use weir_node::{BesideConfig, Config, FileBlobs, Format, Node, ScratchConfig, Speech, StartError};

/// The directory of temporary data beside the log; emptied at each start.
const SCRATCH: &str = "scratch";

/// Serve a program on this machine; save its file, and the new one takes over.
#[derive(clap::Args)]
pub struct Args {
    /// A .weir file, the folder of a project, or a .wasm file made by `weir build` [default: this folder]
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
    /// Directory for what the program stores [default: .weir/data/NAME beside the program]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port to listen on, 0 for any [default: 7878, or the next that is free]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Run the machine code beside the module, as `weir build --target` made it: only what you built yourself, it is not checked
    #[arg(long)]
    trust_code: bool,
    /// Threads that run calls which compute for long, 0 for none: then they hold up all others [default: one for each core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How what the program writes to its log is written to standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

/// How lines of the program's log look.
#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// An object a line
    Json,
}

impl From<LogFormat> for Format {
    fn from(format: LogFormat) -> Format {
        match format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        }
    }
}

/// The first port that is tried when none is named, and how many more.
const PORT: u16 = 7878;
const PORTS: u16 = 100;

pub fn run(args: Args) -> Outcome {
    let path = args.path.as_deref().unwrap_or(Path::new("."));
    let (source, bundle) = load(path)?;
    let name = bundle.manifest.program.clone();
    let folder = match &source {
        Some(program) => program.folder.clone(),
        None => path.parent().unwrap_or(Path::new(".")).to_path_buf(),
    };
    let data = args
        .data
        .unwrap_or_else(|| place::default_data(&folder, &name));
    let (sender, events) = channel();
    let stop = sender.clone();
    ctrlc::set_handler(move || {
        // Nobody listens only when the program is ending anyway.
        let _ = stop.send(Event::Stop);
    })
    .map_err(|error| Failure::new(format_args!("cannot wait for Ctrl-C: {error}")))?;
    // Before the first line is printed, so that no save is missed.
    let mut watch = match &source {
        Some(program) => {
            let unwatched = |error| Failure::new(format_args!("cannot watch the source: {error}"));
            let mut watch = Watch::new(sender).map_err(unwatched)?;
            watch
                .files(&files(program, &bundle.manifest))
                .map_err(unwatched)?;
            Some(watch)
        }
        None => None,
    };
    let components = components::load_to_run(&bundle)?;
    components::note_missing(&bundle.manifest, &components, "its calls wait");

    let log = place::open(&data)?;
    let externs = externs(source.as_ref(), &bundle.manifest)?;
    let kept = place::code(&data);
    let trusted = given_code(path, args.trust_code)?;
    let code = match &trusted {
        Some(bytes) => Code::Given(bytes),
        None => Code::Kept(&kept),
    };
    let settings = settings::to_run(source.as_ref(), &bundle.manifest)?;
    let blobs = FileBlobs::open(data.join(BLOBS)).map_err(Failure::new)?;
    let config = Config {
        externs,
        speech: Speech::to_stderr(args.log_format.into()),
        blobs: Blobs(Arc::new(blobs)),
        scratch: ScratchConfig {
            dir: Some(data.join(SCRATCH)),
            lose_every: lost_tasks()?,
            ..ScratchConfig::default()
        },
        beside: BesideConfig {
            threads: args.threads,
            ..BesideConfig::default()
        },
        ..Config::default()
    };
    let to_run = ToRun {
        bundle: &bundle,
        components: &components,
        code,
        settings: &settings,
    };
    let node = start(&to_run, log, args.port, &data, &config)?;
    let url = format!("http://{}", node.address());
    let note = Note::leave(&data, &url)?;
    memory::give_back();
    say!("listening on {url}");
    say!();
    print_routes(&bundle.manifest, &url);
    say!("{name} keeps its data in {}", data.display());
    if source.is_some() {
        say!("save the file to reload it, Ctrl-C to stop");
    }
    flush();
    let source = source.zip(watch.as_mut());
    let running = Running { bundle, settings };
    let ended = serve(&node, path, source, running, &kept, &url, &events);
    drop(note);
    let stopped = node
        .stop()
        .map_err(|why| Failure::new(why).next(START_AGAIN));
    ended.and(stopped)?;
    say!("stopped");
    Ok(())
}

const START_AGAIN: &str = "look after the disk if it is full or fails, then start again: nothing that was acknowledged is lost";

/// What a program is read from.
fn files(program: &Program, manifest: &Manifest) -> Vec<PathBuf> {
    let mut files = weir_driver::files(&Disk, program);
    files.extend(components::paths(program, manifest).into_values());
    files.push(weir_driver::inside(&program.folder, "weir.toml"));
    files
}

/// Waits and reloads until it is time to stop.
fn serve(
    node: &Node,
    path: &Path,
    mut source: Option<(Program, &mut Watch)>,
    mut running: Running,
    kept: &Path,
    url: &str,
    events: &Receiver<Event>,
) -> Outcome {
    let mut refused = false;
    let mut session = Session::default();
    loop {
        match watch::next(events, weir_node::FAILURE_POLL) {
            Event::Stop => return Ok(()),
            Event::Nothing if node.has_failed() => return Ok(()),
            Event::Nothing => {}
            Event::Saved => {
                let Some((program, watch)) = &mut source else {
                    continue;
                };
                // `weir.toml` may have been saved; what is wrong with it, the reload says.
                if let Ok(now) = weir_driver::find(&Disk, path) {
                    *program = now;
                }
                // What could not be watched is read all the same at the next save of another file.
                let _ = watch.files(&files(program, &running.bundle.manifest));
                let was_refused = refused;
                refused = false;
                match reload(node, path, &mut session, &running, Code::Kept(kept)) {
                    Reloaded::Same if was_refused => {
                        say!("this is the program that is running: nothing to reload");
                    }
                    Reloaded::Same => {}
                    Reloaded::Refused => {
                        refused = true;
                        say!("still serving the program from before this save");
                    }
                    Reloaded::New { running: new, said } => {
                        let before = std::mem::replace(&mut running, *new).bundle.manifest;
                        let manifest = &running.bundle.manifest;
                        let routes_changed = manifest.functions != before.functions;
                        say!("{} {said}", Style::stdout().green("reloaded:"));
                        if routes_changed {
                            say!();
                            print_routes(manifest, url);
                        }
                    }
                }
                flush();
                memory::give_back();
            }
        }
    }
}

/// The program at `path`, with its source when that is what was named.
fn load(path: &Path) -> Outcome<(Option<Program>, Bundle)> {
    if path.extension().is_some_and(|ending| ending == "wasm") {
        let bundle =
            Bundle::read(path, &components::in_environment).map_err(|error| refuse(path, error))?;
        return Ok((None, bundle));
    }
    let program = program::find(path)?;
    let bundle = program::compile_whole(&program)?;
    Ok((Some(program), bundle))
}

/// The machine code beside a built module, when it is to be trusted.
fn given_code(path: &Path, trusted: bool) -> Outcome<Option<Vec<u8>>> {
    let is_module = path.extension().is_some_and(|ending| ending == "wasm");
    let found = match is_module {
        true => weir_driver::code_beside(path),
        false => Vec::new(),
    };
    match (found.as_slice(), trusted) {
        ([], false) => Ok(None),
        ([], true) => Err(Failure::new(format_args!(
            "there is no machine code beside {}",
            path.display()
        ))
        .next("weir build FILE --target native, then `weir run DIR/NAME.wasm --trust-code`")),
        ([first, ..], false) => {
            let note = Style::stderr().bold("note");
            eprintln!(
                "{note}: {} is not used: machine code is not checked as modules are; if you built it, say --trust-code",
                first.display()
            );
            Ok(None)
        }
        ([only], true) => {
            let read = std::fs::read(only);
            let unread =
                |error| Failure::new(format_args!("cannot read {}: {error}", only.display()));
            read.map(Some).map_err(unread)
        }
        (several, true) => Err(Failure::new(format_args!(
            "machine code for {} machines lies beside {}",
            several.len(),
            path.display()
        ))
        .next("leave only the one for this machine there")),
    }
}

fn refuse(path: &Path, error: BundleError) -> Failure {
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    Failure::new(error).next(format_args!(
        "build it again: weir build FILE --out {}",
        folder.display()
    ))
}

/// Where the outside world is: the environment says, or else `weir.toml`. What is missing is told at once, not at the first
/// call.
fn externs(source: Option<&Program>, manifest: &Manifest) -> Outcome<Bases> {
    let mut bases = source
        .map(|program| program.externs.clone())
        .unwrap_or_default();
    let names = manifest.externs.iter();
    let names: BTreeSet<&str> = names
        .filter_map(|e| e.source.strip_prefix("http:"))
        .collect();
    for name in names {
        let variable = environment_name(name);
        match std::env::var(&variable) {
            Ok(url) if url.starts_with("http://") || url.starts_with("https://") => {
                bases.insert(name.to_owned(), url);
            }
            Ok(url) => {
                let why = format_args!("{variable} is `{url}`, which is no address");
                return Err(Failure::new(why).next("begin it with http:// or https://"));
            }
            Err(_) if bases.contains_key(name) => {}
            Err(_) => {
                eprintln!(
                    "{}: nobody says where `{name}` is: its calls wait until `[extern.{name}] url = \"http://..\"` stands in weir.toml, or {variable} is set",
                    Style::stderr().bold("note")
                );
            }
        }
    }
    Ok(bases)
}

fn start(
    to_run: &ToRun<'_>,
    log: Arc<dyn Log>,
    port: Option<u16>,
    data: &Path,
    config: &Config,
) -> Outcome<Node> {
    let ports = match port {
        Some(port) => port..=port,
        None => PORT..=PORT + PORTS,
    };
    let last = *ports.end();
    for port in ports {
        let config = Config {
            port,
            ..config.clone()
        };
        let program = to_run.load()?;
        match Node::start(config, program, Arc::clone(&log)) {
            Ok(node) => return Ok(node),
            Err(StartError::System(error)) if error.kind() == ErrorKind::AddrInUse => {
                if port == last {
                    return Err(Failure::new(format_args!("port {port} is in use"))
                        .next("name another with --port N, or let the system choose: --port 0"));
                }
            }
            Err(StartError::Program(why)) => {
                let other = data.with_extension("new");
                return Err(Failure::new(why).next(format_args!(
                    "bring back what the state needs, or begin with none: --data {}",
                    other.display()
                )));
            }
            Err(error) => return Err(Failure::new(error).next(place::damaged(data))),
        }
    }
    unreachable!("the last port ends the loop")
}

fn print_routes(manifest: &Manifest, url: &str) {
    let style = Style::stdout();
    for route in routes(manifest, url) {
        let what = format!("{}{}", route.path, route.signature);
        say!("  {:<4} {}", route.method, style.bold(&what));
        say!("       {}", route.curl);
    }
    say!();
}

/// What is printed must be seen while the program goes on.
fn flush() {
    let _ = std::io::stdout().flush();
}

/// Tests only: `WEIR_LOSE_TASKS=3` has each third task of temporary data be lost with the thread that ran it.
fn lost_tasks() -> Outcome<u32> {
    match std::env::var("WEIR_LOSE_TASKS") {
        Err(_) => Ok(0),
        Ok(every) => every
            .parse()
            .map_err(|_| Failure::new(format_args!("WEIR_LOSE_TASKS is `{every}`, no number"))),
    }
}
