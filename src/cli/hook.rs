//! `lynklint hook`: what git runs before a commit or a push, and how it comes to run it.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};

use super::settings::Settings;
use super::{Common, Failure, env, gate};
use crate::environment;
use crate::policy::anchor::Anchor;
use crate::report::{self, Format, Style};
use crate::scan::{self, Files, Outcome, Progress};
use crate::source::{self, Blob, Coverage, GlobalHooks, HookFile, Installed, Touched, Visitor};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Let git run lynklint before each commit or push of this repository
    Install(Where),
    /// Take the hooks of `install` away again
    Uninstall(Which),
    /// Judge what a hook is about; git calls this
    Run(Box<Run>),
}

/// Which hooks to write, and whose.
#[derive(Args)]
pub(super) struct Where {
    /// The hooks
    #[arg(value_enum, default_values_t = [Hook::PreCommit])]
    hooks: Vec<Hook>,
    /// For all repositories of this user but those with a `core.hooksPath` of their own
    #[arg(long)]
    global: bool,
}

/// Which hooks to take away, and whose.
#[derive(Args)]
pub(super) struct Which {
    /// The hooks [default: all that lynklint has written]
    #[arg(value_enum)]
    hooks: Vec<Hook>,
    /// Those for all repositories of this user
    #[arg(long)]
    global: bool,
}

#[derive(Args)]
pub(super) struct Run {
    /// The hook that git runs
    #[arg(value_enum)]
    hook: Hook,
    /// What git gives to the hook
    #[arg(trailing_var_arg = true, hide = true)]
    given: Vec<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    gate: gate::Flags,
    #[command(flatten)]
    accepted: gate::Accepted,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "they are what git calls its hooks")]
enum Hook {
    /// What is staged
    PreCommit,
    /// What the remote does not have yet
    PrePush,
    /// On a server: what is pushed, before it is accepted
    PreReceive,
}

impl Hook {
    fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
        }
    }
}

impl Verb {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let format = Format::Human;
        match self {
            Self::Install(it) => it.run(),
            Self::Uninstall(it) => it.run(),
            Self::Run(it) => return it.run(),
        }
        .map(|()| Outcome::Passed)
        .map_err(|error| Failure::new(format, &error))
    }
}

impl Where {
    fn run(&self) -> anyhow::Result<()> {
        let program = std::env::current_exe().unwrap_or_else(|_| "lynklint".into());
        each(&self.hooks, self.global, |_, hook| Ok(Some(told(hook.install(&program)?))))
    }
}

impl Which {
    fn run(&self) -> anyhow::Result<()> {
        if !self.hooks.is_empty() {
            return each(&self.hooks, self.global, |name, hook| {
                let none = || format!("there is no {name} hook of lynklint's");
                Ok(Some(hook.uninstall()?.map_or_else(none, told)))
            });
        }
        let some = std::cell::Cell::new(false);
        each(Hook::value_variants(), self.global, |_, hook| {
            let gone = hook.uninstall()?;
            some.set(some.get() || gone.is_some());
            Ok(gone.map(told))
        })?;
        if !some.get() {
            writeln!(io::stdout(), "there is no hook of lynklint's")?;
        }
        Ok(())
    }
}

/// Acts on each hook, and says what came of it.
fn each(
    hooks: &[Hook],
    global: bool,
    act: impl Fn(&str, &HookFile) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<()> {
    let say = |it: &str| writeln!(io::stdout(), "{}", crate::excerpt::printable(it));
    let all = global_folder().map(|it| GlobalHooks::find(&it));
    for name in hooks.iter().map(|it| it.name()) {
        let file = match (global, &all) {
            (true, Ok(all)) => all.hook(name),
            (true, Err(error)) => anyhow::bail!("{error:#}"),
            (false, _) => HookFile::of_repository(Path::new("."), name)?,
        };
        if let (false, Ok(all)) = (global, &all) {
            let why = "the hooks of all repositories stand in for this one's";
            anyhow::ensure!(!all.hold(&file), "{why}: add --global");
        }
        act(name, &file)?.map_or(Ok(()), |it| say(&it))?;
    }
    if global && let Some(setting) = all?.settle()? {
        say(&format!("took git's {setting} back"))?;
    }
    Ok(())
}

fn told(installed: Installed) -> String {
    match installed {
        Installed::New(path) => format!("wrote {}", path.display()),
        Installed::Before(path) => {
            format!("wrote {}, which runs the hook that was there first", path.display())
        }
        Installed::Again(path) => format!("{} is up to date", path.display()),
        Installed::Gone(path) => format!("took {} away", path.display()),
    }
}

fn global_folder() -> anyhow::Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
    let folder =
        folder.ok_or_else(|| anyhow::anyhow!("neither XDG_CONFIG_HOME nor HOME is set"))?;
    Ok(folder.join("lynklint/hooks"))
}

impl Run {
    fn run(&self) -> Result<Outcome, Failure> {
        let format = match self.hook {
            Hook::PreCommit | Hook::PrePush => Format::Human,
            Hook::PreReceive => Format::Compact,
        };
        let began = Instant::now();
        let failed = |error: &anyhow::Error| Failure::new(format, error);
        let mut set = self.settings.policy(&[]).map_err(|it| failed(&it))?;
        set.policy.gate = self.gate.gate();
        set.policy.anchor = Anchor::default();
        let terms = self.gate.terms_of_files(&self.accepted, &set, false);
        let terms = terms.map_err(|it| failed(&it))?;
        let pushes = self.pushes().map_err(|it| failed(&it))?;
        let read = |visit: &Visitor<'_>| match self.hook {
            Hook::PreCommit => source::staged(Path::new("."), &[], Touched::Lines, visit),
            Hook::PrePush | Hook::PreReceive => pushed(Path::new("."), &pushes, visit),
        };
        let report = scan::scan(&set.policy, &Progress::default(), Files::InGit, read);
        let mut report = report.map_err(|it| failed(&it))?;
        report.exempt(&terms);
        if report.findings.is_empty() && report.outcome() == Outcome::Passed {
            return Ok(Outcome::Passed);
        }
        let style = Style {
            color: self.common.color(io::IsTerminal::is_terminal(&io::stderr())),
            width: 100,
            all: false,
            elapsed: began.elapsed(),
        };
        let mut text = Vec::new();
        if self.hook == Hook::PreReceive {
            // A web page may show the beginning only.
            let _ = writeln!(text, "lynklint: {}", report::reason(&report));
        }
        let written = report::render(format, style, &report, &mut text);
        written.and_then(|()| self.show(&text)).or_else(|it| Failure::of_output(format, &it))?;
        Ok(report.exit())
    }

    /// Git shows a hook's errors, and a remote's as `remote: …`.
    fn show(&self, text: &[u8]) -> io::Result<()> {
        let variables = env::variables();
        let variables: Vec<_> = variables.iter().map(env::borrowed).collect();
        let prefix = match self.hook {
            Hook::PreCommit | Hook::PrePush => String::new(),
            Hook::PreReceive => environment::hook_prefix(&variables),
        };
        let mut out = io::stderr().lock();
        for line in text.split_inclusive(|b| *b == b'\n') {
            out.write_all(prefix.as_bytes())?;
            out.write_all(line)?;
        }
        Ok(())
    }

    /// What git says on standard input.
    fn pushes(&self) -> anyhow::Result<Vec<Push>> {
        let remote = self.given.first().map_or("origin", String::as_str);
        match self.hook {
            Hook::PreCommit => Ok(Vec::new()),
            Hook::PrePush => pushes(|it| {
                let [_, tip, name, known] = it else { return None };
                let others = format!("--remotes={remote}");
                Some(Push { name: name.clone(), tip: tip.clone(), known: known.clone(), others })
            }),
            Hook::PreReceive => pushes(|it| {
                let [known, tip, name] = it else { return None };
                let others = "--all".to_owned();
                Some(Push { name: name.clone(), tip: tip.clone(), known: known.clone(), others })
            }),
        }
    }
}

/// A ref that is pushed.
struct Push {
    /// Its name on the other side.
    name: String,
    /// The object that it is to name.
    tip: String,
    /// The object that it names on the other side.
    known: String,
    /// What else the other side has.
    others: String,
}

/// The lines that git gives to a hook.
fn pushes(read: impl Fn(&[String]) -> Option<Push>) -> anyhow::Result<Vec<Push>> {
    let mut pushes = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let push = read(&words);
        pushes.push(push.ok_or_else(|| anyhow::anyhow!("git gave the hook a line it should not"))?);
    }
    Ok(pushes)
}

fn pushed(here: &Path, pushes: &[Push], visit: &Visitor<'_>) -> anyhow::Result<Coverage> {
    let mut all = Coverage { may_be_empty: true, ..Coverage::default() };
    let is_nothing = |id: &str| id.bytes().all(|b| b == b'0');
    for Push { name, tip, known, others } in pushes.iter().filter(|it| !is_nothing(&it.tip)) {
        let mut without = vec!["--not".to_owned(), others.clone()];
        if is_nothing(known) {
            // A new ref has a name that is pushed with it.
            visit(&Blob::whole(name, b""));
        } else {
            // What the other side has may not be here yet; git ignores it then.
            without.extend(["--ignore-missing".to_owned(), known.clone()]);
        }
        let coverage = source::pushed(here, tip, &without, visit)?;
        all.files += coverage.files;
        all.blobs += coverage.blobs;
        all.refs.extend(coverage.refs);
        all.bytes += coverage.bytes;
        all.skipped.extend(coverage.skipped);
    }
    Ok(all)
}
