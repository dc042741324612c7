//! All tests that see the project from outside, linked once.

mod any;
mod around;
mod baseline;
mod cache;
mod change;
mod cli;
mod config;
mod detect;
mod docs;
mod env;
mod export;
mod fixtures;
mod formats;
mod forms;
mod history;
mod hook;
mod index;
mod integrations;
mod inventory;
mod messages;
mod outputs;
mod panic;
mod platforms;
mod report;
mod rules;
mod secrecy;
mod sites;
mod suppress;
mod syntax_data;
mod syntax_script;
mod tidy;
mod traps;
#[cfg(feature = "verify")]
mod verify;
mod walk;
