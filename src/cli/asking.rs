//! How the service is asked: the flags that `verify` and `check --verify` share, and what they come to.

use clap::Args;

#[derive(Args)]
pub(super) struct Asking {
    /// Ask another service than <https://api.interlynk.io/lynkapi>; the token is sent there
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// Go on asking for some six minutes, as long as a new token may need to become known
    #[arg(long)]
    wait: bool,
    /// Seconds after which a request has failed [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: Option<u64>,
}

impl Asking {
    /// Whether any of them is given.
    pub(super) fn any(&self) -> bool {
        self.api_url.is_some() || self.wait || self.timeout.is_some()
    }
}

#[cfg(feature = "verify")]
pub(super) use line::Line;

#[cfg(feature = "verify")]
mod line {
    use std::io::{self, Write};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::Asking;
    use crate::detect::Detector;
    use crate::environment::shown;
    use crate::verify::{Clock, Endpoint, Patience, Secret, Service, Verdict, ask};

    /// A line to the service.
    pub(in crate::cli) struct Line {
        service: Service,
        patience: Patience,
        /// Whom it leads to, for people.
        pub(in crate::cli) host: String,
    }

    impl Asking {
        /// Prepares to ask. Nothing is sent yet.
        pub(in crate::cli) fn line(&self) -> anyhow::Result<Line> {
            let endpoint = self.api_url.as_deref().map(Endpoint::parse).transpose()?;
            let endpoint = endpoint.unwrap_or_default();
            let host = shown(endpoint.host().as_bytes(), Detector::shared());
            let timeout = Duration::from_secs(self.timeout.unwrap_or(30));
            let patience = if self.wait { Patience::Long } else { Patience::Short };
            Ok(Line { service: Service::new(endpoint, timeout), patience, host })
        }
    }

    impl Line {
        /// Asks about one token until there is a verdict.
        pub(in crate::cli) fn ask(&self, secret: &Secret) -> Verdict {
            ask(&mut || self.service.send(secret), self.patience, &mut Wall(Instant::now()))
        }
    }

    /// The clock on the wall; whoever waits is told why.
    struct Wall(Instant);

    impl Clock for Wall {
        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }

        fn pause(&mut self, length: Duration, why: &str) {
            let seconds = length.as_secs();
            let _ = writeln!(io::stderr(), "lynklint: {why}; asking again in {seconds} s");
            thread::sleep(length);
        }
    }
}
