//! All tests that see the project from outside, linked once.

mod any;
mod cli;
mod detect;
mod docs;
mod platforms;
mod report;
mod rules;
mod secrecy;
mod tidy;
