//! The only module that opens a connection.

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, ensure};
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use ureq::http::{StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error, Proxy};

use super::{Answer, Secret};

/// The documented endpoint: docs.interlynk.io, API > Getting started > Quickstart.
const DEFAULT: &str = "https://api.interlynk.io/lynkapi";
/// The documented way to verify a token, from the same page.
const QUERY: &str = r#"{"query":"query { organization { id name } }"}"#;
/// More than any answer to the query.
const LONGEST_BODY: u64 = 64 << 10;

/// Where a token may be sent: over TLS, or to this machine.
#[derive(Clone, Debug)]
pub struct Endpoint(Uri);

impl Default for Endpoint {
    fn default() -> Self {
        Self(Uri::from_static(DEFAULT))
    }
}

impl Endpoint {
    /// Reads an address: `https`, or `http` to a loopback address.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let uri: Uri = text.parse().context("the API's address is not a URL")?;
        let host = uri.host().context("the API's address names no host")?;
        let user = uri.authority().is_some_and(|it| it.as_str().contains('@'));
        ensure!(!user, "the API's address names a user: the token is the only credential");
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let local = address.map_or(host == "localhost", |it| it.is_loopback());
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if local => {}
            _ => anyhow::bail!("the API's address must begin with https://"),
        }
        Ok(Self(uri))
    }

    /// The host, for people.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    fn is_tls(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }
}

/// The service at an endpoint.
pub struct Service {
    agent: Agent,
    endpoint: Endpoint,
    timeout: Duration,
}

impl Service {
    /// Prepares to ask. `timeout` is for one request as a whole. Proxies are those of the environment, and certificates are
    /// judged as the operating system does.
    pub fn new(endpoint: Endpoint, timeout: Duration) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        // Without TLS a proxy would read the token, and to this machine there is no need for one.
        let proxy = if endpoint.is_tls() { Proxy::try_from_env() } else { None };
        let config = Agent::config_builder()
            .https_only(endpoint.is_tls())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .timeout_global(Some(timeout))
            .tls_config(tls)
            .user_agent(concat!("lynklint/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), endpoint, timeout }
    }

    /// One request.
    pub fn send(&self, secret: &Secret) -> Answer {
        self.request(secret).unwrap_or_else(|error| Answer::Failure(self.told(&error)))
    }

    fn request(&self, secret: &Secret) -> Result<Answer, Error> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", secret.text))
            .map_err(|error| Error::Http(error.into()))?;
        bearer.set_sensitive(true);
        let request = self.agent.post(&self.endpoint.0).header(AUTHORIZATION, bearer);
        let mut response = request.header(CONTENT_TYPE, "application/json").send(QUERY)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        // The body of an error is not looked at, so it need not be short or whole.
        let body = response.body_mut().with_config().limit(LONGEST_BODY).read_to_vec();
        let body = if status == StatusCode::OK { body? } else { body.unwrap_or_default() };
        Ok(Answer::Response { status: status.as_u16(), retry_after, body })
    }

    /// Why there is no answer. Not every message of the client is known to be free of what was sent, so most have words of
    /// our own.
    fn told(&self, error: &Error) -> String {
        match error {
            Error::Timeout(_) => format!("no answer within {} s", self.timeout.as_secs_f32()),
            Error::HostNotFound => "the host was not found".to_owned(),
            Error::BodyExceedsLimit(_) => "an answer that is too long".to_owned(),
            Error::ConnectProxyFailed(_) => "the proxy refused the connection".to_owned(),
            Error::Io(error) => format!("the connection failed: {error}"),
            Error::Rustls(error) => format!("no trusted connection: {error}"),
            Error::Tls(what) => format!("no trusted connection: {what}"),
            Error::Protocol(_) => "an answer that is not HTTP".to_owned(),
            _ => "the connection failed".to_owned(),
        }
    }
}

/// Seconds, or a date, which is measured against the service's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = |text: &str| {
        let time = httpdate::parse_http_date(text).ok()?;
        time.duration_since(UNIX_EPOCH).ok()
    };
    let now = seconds(headers.get(DATE)?.to_str().ok()?)?;
    Some(seconds(text)?.saturating_sub(now))
}
