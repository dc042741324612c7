//! Finds Interlynk API tokens where they must not stand, and says what to do about each.
//!
//! The modules stand in the order in which a byte passes through them: a [`source`] yields blobs, [`detect`] finds the
//! tokens in them, [`platform`] and [`site`] tell where each stands, [`rule`] and [`policy`] judge, a [`finding`]
//! shows an [`excerpt`] and no more, [`scan`] is the pipeline of all that, and [`report`] prints what came out.
//!
//! ```
//! use lynklint::{policy::Policy, scan, source::Blob};
//!
//! let policy = Policy::recommended(Vec::new())?;
//! let token = lynklint::rule::example::expand("$PERSONAL"); // a made-up token
//! let text = format!("env:\n  INTERLYNK_SECURITY_TOKEN: {token}\n");
//! let findings = scan::check(&Blob::whole(".github/workflows/sbom.yml", text.as_bytes()), &policy);
//! assert_eq!(findings[0].rule.id.as_str(), "personal-token-in-ci");
//! assert!(!findings[0].excerpt.text().contains(&token));
//! # anyhow::Ok(())
//! ```

pub mod source;

pub mod lazy;

pub mod digest;

pub mod detect;

pub mod syntax;

pub mod platform;

pub mod site;

pub mod rule;

pub mod inventory;

pub mod config;

pub mod policy;

pub mod excerpt;

pub mod path;

pub mod finding;

pub mod suppress;

pub mod baseline;

pub mod exempt;

pub mod tally;

pub mod scan;

pub mod report;

pub mod environment;

#[cfg(feature = "verify")]
pub mod verify;

pub mod export;

pub mod cli;

pub mod yaml_file;

pub mod date;

pub mod embedded;
