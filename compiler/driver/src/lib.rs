//! The order of the compiler's stages, and the two doors of a compilation: files in ([`World`]), bundles out.
//!
//! ```text
//! path -> find -> Program -> check -> Analysis (diagnostics) -> build -> Bundle (NAME.wasm, NAME.manifest.json)
//! ```
//!
//! [`check`] always gives a result, also for a broken program; [`build`] takes only a program without errors, and then
//! cannot fail.

mod bundle;
mod components;
pub mod config;
pub mod explain;
mod fix;
mod manifest;
mod modules;
mod project;
pub mod receipts;
mod scratches;
mod settings;
mod stages;
mod style;
mod survey;
mod views;
pub mod wit;
mod within;
pub mod words;
mod world;

pub use bundle::{Bundle, BundleError, code_beside, hex_sha256, write_code};
pub use components::{Components, Elsewhere, component_blocks, component_paths, read_components};
pub use fix::{Applied, Change, Fixed, fix};
pub use manifest::path_inside;
pub use modules::{files, module_path, parse_alone};
pub use project::{NotFound, Program, find, inside, is_module_name};
pub use settings::settings_of_tests;
pub use stages::{Analysis, Session, build, check, check_again, remarks};
pub use style::{Unparsed, format};
pub use survey::{Bodies, Library, Parses, Survey, SurveyedFile, look, survey};
pub use world::{Disk, Memory, World};
