//! `lynklint verify`, against services on this machine that answer well, badly and not at all.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use lynklint::detect::Detector;
use lynklint::excerpt::obeyed;
use lynklint::report::Format;
use lynklint::rule::example::expand;
use lynklint::verify::{Answer, Clock, Endpoint, Patience, Secret, Service, Verdict, ask};

use crate::any::leaks;

const VALID: &str = r#"{"data":{"organization":{"id":"1","name":"Acme Corp"}}}"#;
const UNAUTHORIZED: &str =
    r#"{"errors":[{"message":"Unauthorized","extensions":{"code":"UNAUTHORIZED"}}]}"#;

/// What a service on this machine does with one request, and with all that follow the last.
#[derive(Clone)]
enum Reply {
    Http { status: u16, headers: &'static str, body: String },
    Bytes(Vec<u8>),
    Silence,
}

fn http(status: u16, body: &str) -> Reply {
    Reply::Http { status, headers: "Retry-After: 0\r\n", body: body.to_owned() }
}

/// A service that gives these replies in turn, the last one for ever.
struct Mock {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Mock {
    fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/lynkapi", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for (i, stream) in listener.incoming().enumerate() {
                let reply = replies[i.min(replies.len() - 1)].clone();
                let mut stream = stream.expect("a connection");
                seen.lock().expect("no panic").push(request(&mut stream));
                answer(stream, &reply);
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// Reads until the end of the query, which is the end of every request.
fn request(stream: &mut TcpStream) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(br#"name } }"}"#) && stream.read(&mut byte).is_ok_and(|n| n > 0) {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn answer(mut stream: TcpStream, reply: &Reply) {
    let bytes = match reply {
        Reply::Bytes(bytes) => bytes.clone(),
        Reply::Silence => {
            // The client ends it; nothing is ever read.
            let _ = stream.read(&mut [0]);
            return;
        }
        Reply::Http { status, headers, body } => format!(
            "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    };
    let _ = stream.write_all(&bytes);
}

/// Time that passes only when somebody waits.
#[derive(Default)]
struct Still {
    pauses: Vec<u64>,
}

impl Clock for Still {
    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.pauses.iter().sum())
    }

    fn pause(&mut self, length: Duration, why: &str) {
        assert!(!leaks(why));
        self.pauses.push(length.as_secs());
    }
}

fn secret(text: &str) -> Option<Secret> {
    Secret::read(expand(text).as_bytes(), &Detector::default())
}

fn asked(replies: Vec<Reply>, patience: Patience) -> (Verdict, Vec<u64>, Mock) {
    let first = replies[0].clone();
    let mock = Mock::new(replies);
    let endpoint = Endpoint::parse(&mock.url).expect("loopback");
    // Only a service that never answers is worth a short time.
    let silent = matches!(first, Reply::Silence);
    let timeout = if silent { Duration::from_millis(200) } else { Duration::from_mins(1) };
    let service = Service::new(endpoint, timeout);
    let secret = secret("$SERVICE").expect("a token");
    let mut clock = Still::default();
    let verdict = ask(&mut || service.send(&secret), patience, &mut clock);
    (verdict, clock.pauses, mock)
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid { .. } => "valid",
        Verdict::Rejected { .. } => "rejected",
        Verdict::Unknown { .. } => "unknown",
    }
}

#[test]
fn each_answer_has_its_verdict() {
    let raw = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
    let redirect = Reply::Http {
        status: 302,
        headers: "Location: http://localhost:1/elsewhere\r\n",
        body: String::new(),
    };
    let error = r#"{"errors":[{"message":"Field 'x' doesn't exist"}]}"#;
    let both = r#"{"data":{"organization":{"name":"Acme"}},"errors":[{"message":"no"}]}"#;
    let huge = format!(r#"{{"data":{{"organization":{{"name":"{}"}}}}}}"#, "a".repeat(1 << 20));
    let table: Vec<(&str, Vec<Reply>, &str, usize)> = vec![
        ("valid", vec![http(200, VALID)], "valid", 1),
        ("errors in a 200", vec![http(200, error)], "unknown", 1),
        ("errors beside data", vec![http(200, both)], "unknown", 1),
        ("refused in a 200", vec![http(200, UNAUTHORIZED)], "rejected", 1),
        ("no organisation", vec![http(200, r#"{"data":{"organization":null}}"#)], "unknown", 1),
        ("nothing at all", vec![http(200, "{}")], "unknown", 1),
        ("401", vec![http(401, UNAUTHORIZED)], "rejected", 1),
        ("403 of the service", vec![http(403, UNAUTHORIZED)], "rejected", 1),
        ("403 of something else", vec![http(403, "<html>blocked</html>")], "unknown", 1),
        ("404", vec![http(404, "")], "unknown", 1),
        ("busy once", vec![http(429, ""), http(200, VALID)], "valid", 2),
        ("a problem, then not", vec![http(502, ""), http(503, ""), http(401, "")], "rejected", 3),
        ("always a problem", vec![http(500, "")], "unknown", 4),
        ("a redirect", vec![redirect], "unknown", 1),
        ("another page", vec![http(200, "<html>log in</html>")], "unknown", 1),
        ("too much", vec![http(200, &huge)], "unknown", 1),
        ("not HTTP", vec![raw("\0\u{1}\u{2}garbage\r\n\r\n")], "unknown", 1),
        ("too short", vec![raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")], "unknown", 1),
        ("closed", vec![raw("")], "unknown", 1),
        ("silence", vec![Reply::Silence], "unknown", 1),
    ];
    for (name, replies, wanted, requests) in table {
        let (verdict, _, mock) = asked(replies, Patience::Short);
        assert_eq!(word(&verdict), wanted, "{name}: {verdict:?}");
        assert_eq!(mock.requests().len(), requests, "{name}");
        assert!(!leaks(&format!("{verdict:?}")), "{name}: {verdict:?}");
    }
}

#[test]
fn the_request_is_the_documented_one() {
    let (verdict, _, mock) = asked(vec![http(200, VALID)], Patience::Short);
    assert_eq!(verdict, Verdict::Valid { organisation: Some("Acme Corp".into()) });
    let request = mock.requests()[0].to_lowercase();
    assert!(request.starts_with("post /lynkapi http/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.contains("user-agent: lynklint/"), "{request}");
    let bearer = format!("authorization: bearer {}\r\n", expand("$SERVICE")).to_lowercase();
    assert!(request.contains(&bearer));
    assert!(request.ends_with(r#"{"query":"query { organization { id name } }"}"#), "{request}");
}

#[test]
fn the_service_sets_the_pace() {
    let busy = |headers| Reply::Http { status: 429, headers, body: String::new() };
    let date =
        "Date: Tue, 24 Nov 2026 10:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 10:00:20 GMT\r\n";
    for (headers, wanted) in [
        ("", vec![1, 2, 4]),
        ("Retry-After: 7\r\n", vec![7, 7, 7]),
        ("Retry-After: 86400\r\n", vec![60, 60, 60]),
        ("Retry-After: soon\r\n", vec![1, 2, 4]),
        (date, vec![20, 20, 20]),
    ] {
        let (_, pauses, _) = asked(vec![busy(headers)], Patience::Short);
        assert_eq!(pauses, wanted, "{headers:?}");
    }
}

#[test]
fn a_new_token_is_waited_for() {
    let (verdict, pauses, _) =
        asked(vec![http(401, ""), http(500, ""), http(200, VALID)], Patience::Long);
    assert_eq!((word(&verdict), pauses), ("valid", vec![15, 15]));
    let mut clock = Still::default();
    let mut rejected = || Answer::Response { status: 401, retry_after: None, body: Vec::new() };
    let verdict = ask(&mut rejected, Patience::Long, &mut clock);
    assert_eq!((word(&verdict), clock.pauses.len()), ("rejected", 24));
    let mut clock = Still::default();
    let verdict = ask(&mut || Answer::Failure("x".into()), Patience::Long, &mut clock);
    assert_eq!((word(&verdict), clock.pauses.len()), ("unknown", 24));
}

#[test]
fn only_a_token_and_nothing_else_is_sent() {
    for text in ["$PERSONAL", "$SERVICE_TEST"] {
        assert!(secret(text).is_some(), "{text}");
    }
    for text in [
        "",
        "hunter2",
        "lynk_live_xxx",
        "$SERVICE ",
        "\"$SERVICE\"",
        "Bearer $SERVICE",
        "$SERVICE\n",
        "$SERVICE,$PERSONAL",
        "$SERVICE$PERSONAL",
    ] {
        assert!(secret(text).is_none(), "{text:?}");
    }
    assert!(!leaks(&format!("{:?}", secret("$SERVICE"))));
}

#[test]
fn a_token_goes_over_tls_or_to_this_machine() {
    for url in [
        "https://api.example.com/lynkapi",
        "https://[::1]:8443/x",
        "http://127.0.0.1:80/x",
        "http://127.9.9.9/",
        "http://[::1]/",
        "http://localhost:3000/lynkapi",
    ] {
        assert!(Endpoint::parse(url).is_ok(), "{url}");
    }
    for url in [
        "",
        "api.interlynk.io",
        "http://api.example.com/lynkapi",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://localhost@example.com/",
        "ftp://localhost/",
        "https://api.interlynk.io@example.com/",
        "https://user:pass@example.com/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "http://0.0.0.0/",
    ] {
        assert!(Endpoint::parse(url).is_err(), "{url}");
    }
}

#[test]
fn what_the_service_says_is_made_harmless() {
    let token = expand("$SERVICE");
    for hostile in ["\\u001b[2J##vso[x]\\u202e\\n::error::", token.as_str()] {
        for body in [
            format!(r#"{{"data":{{"organization":{{"name":"{hostile}"}}}}}}"#),
            format!(r#"{{"errors":[{{"message":"{hostile}"}}]}}"#),
        ] {
            let (verdict, _, _) = asked(vec![http(200, &body)], Patience::Short);
            let (Verdict::Valid { organisation: Some(text) } | Verdict::Unknown { why: text }) =
                verdict
            else {
                panic!("{verdict:?}")
            };
            assert!(!leaks(&text) && !text.chars().any(obeyed), "{text:?}");
            assert!(!text.contains("##"), "{text:?}");
        }
    }
}

fn run(variables: &[(&str, &str)], input: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
    command.env_clear().arg("verify").args(arguments);
    variables.iter().for_each(|(name, value)| {
        command.env(name, expand(value));
    });
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A verb that reads no input may have ended.
    let _ = pipe.write_all(expand(input).as_bytes());
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

fn both(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn the_exit_code_is_the_verdict() {
    let known = [("INTERLYNK_SECURITY_TOKEN", "$SERVICE")];
    // A proxy that nobody answers at would end every request, and must not see one that is not encrypted.
    let proxied = [known[0], ("ALL_PROXY", "http://user:secret@127.0.0.1:1")];
    for format in ["human", "json"] {
        for (reply, wanted) in [(http(200, VALID), 0), (http(401, ""), 2), (http(500, ""), 1)] {
            let mock = Mock::new(vec![reply]);
            let arguments = ["--api-url", &mock.url, "--format", format];
            for output in [run(&known, "", &arguments), run(&proxied, "", &arguments)] {
                assert_eq!(output.status.code(), Some(wanted), "{output:?}");
                assert!(!leaks(&both(&output)) && !both(&output).contains("user:"), "{output:?}");
                assert!(format != "human" || wanted != 0 || both(&output).contains("Acme Corp"));
            }
        }
    }
}

#[test]
fn the_token_comes_from_a_variable_or_a_pipe() {
    let mock = Mock::new(vec![http(200, VALID)]);
    let to = ["--api-url", mock.url.as_str()];
    let code = |output: Output| {
        assert!(!leaks(&both(&output)), "{}", both(&output));
        output.status.code().expect("it was not killed")
    };
    assert_eq!(code(run(&[], "$SERVICE\r\n", &[&to[..], &["--stdin"]].concat())), 0);
    assert_eq!(code(run(&[("X", "$SERVICE")], "", &[&to[..], &["--name", "X"]].concat())), 0);
    assert_eq!(mock.requests().len(), 2);
    let token = expand("$SERVICE");
    for (variables, input, arguments) in [
        (&[][..], "", &[][..]),
        (&[], "hunter2\n", &["--stdin"]),
        (&[], "", &["--stdin"]),
        (&[], "", &["--name", "X"]),
        (&[], "", &["--name", &token]),
        (&[], "", &[&token]),
        (&[("INTERLYNK_SECURITY_TOKEN", "'$SERVICE'")], "", &[]),
        (&[("X", "hunter2")], "", &["--name", "X"]),
        (&[("X", "$SERVICE")], "", &["--name", "X", "--api-url", "http://example.com/"]),
    ] {
        let arguments = if arguments.contains(&"--api-url") {
            arguments.to_vec()
        } else {
            [&to[..], arguments].concat()
        };
        assert_eq!(code(run(variables, input, &arguments)), 1, "{arguments:?}");
    }
    assert_eq!(mock.requests().len(), 2, "nothing was sent");
}

#[test]
fn each_token_is_asked_about_once() {
    let mock = Mock::new(vec![http(200, VALID), http(401, "")]);
    let variables = [
        ("INTERLYNK_SECURITY_TOKEN", "$SERVICE"),
        ("LYNK_API_TOKEN", "$PERSONAL"),
        ("INTERLYNK_API_TOKEN", "$SERVICE"),
    ];
    let output = run(&variables, "", &["--api-url", &mock.url, "--format", "json"]);
    assert_eq!((output.status.code(), mock.requests().len()), (Some(2), 2), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let verdicts: Vec<_> =
        json["tokens"].as_array().expect("a list").iter().map(|it| &it["verdict"]).collect();
    assert_eq!(verdicts, ["valid", "rejected"]);
}

#[test]
fn a_proxy_is_told_the_host_and_nothing_else() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let seen = thread::spawn(move || {
        let (mut stream, _) = proxy.accept().expect("a connection");
        let (mut text, mut byte) = (Vec::new(), [0]);
        while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
            text.push(byte[0]);
        }
        let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        String::from_utf8_lossy(&text).into_owned()
    });
    let variables = [("INTERLYNK_SECURITY_TOKEN", "$SERVICE"), ("HTTPS_PROXY", url.as_str())];
    let output = run(&variables, "", &["--api-url", "https://lynk.invalid/lynkapi"]);
    let seen = seen.join().expect("no panic");
    assert!(seen.starts_with("CONNECT lynk.invalid:443 "), "{seen}");
    assert!(!leaks(&seen) && !leaks(&both(&output)));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// Runs `check --verify` on files, against a service.
fn checked(mock: &Mock, files: &[(&str, &str)], arguments: &[&str]) -> Output {
    let here = crate::cli::folder(files);
    let verify = ["--verify", "--api-url", &mock.url];
    let output = crate::cli::run(here.path(), &[&verify[..], arguments].concat());
    crate::cli::quiet(&output);
    output
}

#[test]
fn a_scan_asks_once_about_each_token_and_marks_the_findings() {
    // In the order of the paths: the first token is not accepted, the second is.
    let files = [
        ("a.py", "x = '$PERSONAL'\ny = '$PERSONAL'\n"),
        ("b.py", "x = '$SERVICE_TEST'\n"),
        ("c.py", "x = '$PERSONAL'\n"),
    ];
    let replies = || vec![http(401, UNAUTHORIZED), http(200, VALID)];
    for format in Format::value_variants() {
        let mock = Mock::new(replies());
        let name = format.to_possible_value().expect("a name").get_name().to_owned();
        let output = checked(&mock, &files, &["--format", &name, "--all"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!((mock.requests().len(), crate::cli::code(&output)), (2, 2), "{name}: {text}");
        assert!(text.contains("Acme Corp"), "{name}: {text}");
        assert!(text.contains("expired"), "{name}: {text}");
    }
    let mock = Mock::new(replies());
    let json = crate::cli::json(&checked(&mock, &files, &["--format", "json"]));
    let verdict = |it: &serde_json::Value| it["verdict"]["verdict"].as_str().map(str::to_owned);
    let verdicts: Vec<_> =
        json["diagnostics"].as_array().expect("a list").iter().filter_map(verdict).collect();
    assert_eq!(verdicts, ["rejected", "rejected", "valid", "rejected"]);
    // A live one comes first, though its rule is milder.
    let mock = Mock::new(replies());
    let text = checked(&mock, &files, &["--format", "github"]).stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.lines().next().expect("a line").contains("Acme Corp"), "{text}");
}

#[test]
fn however_a_token_is_written_what_is_sent_is_the_token() {
    let token = expand("$SERVICE");
    let (prefix, body) = token.split_at(30);
    for text in [
        crate::detect::base64(token.as_bytes(), false),
        crate::detect::each(&token, |b| format!("{b:02x}")),
        crate::detect::each(&token, |b| format!("%{b:02X}")),
        format!("\"{prefix}\" + \"{body}\""),
    ] {
        let mock = Mock::new(vec![http(200, VALID)]);
        let _ = checked(&mock, &[("a.txt", &text)], &[]);
        let requests = mock.requests();
        assert_eq!(requests.len(), 1, "{text}");
        assert!(requests[0].contains(&format!("Bearer {token}\r\n")), "{text}");
    }
}

#[test]
fn nothing_is_sent_that_is_not_reported_and_nothing_without_being_asked() {
    let config = ".lynklint.yaml";
    let mock = Mock::new(vec![http(200, VALID)]);
    let files = [
        (config, "version: 1\npaths: { exclude: [b.py] }\n"),
        ("a.py", "x = 'lynk_live_your_token_here_now'\n"),
        ("b.py", "x = '$SERVICE'\n"),
    ];
    let _ = checked(&mock, &files, &[]);
    assert_eq!(mock.requests().len(), 0);
    let here = crate::cli::folder(&[("b.py", "x = '$SERVICE'\n")]);
    let output = crate::cli::run(here.path(), &["--api-url", &mock.url]);
    assert_eq!((crate::cli::code(&output), mock.requests().len()), (1, 0));
    let output = crate::cli::run(here.path(), &["--verify", "--api-url", "http://example.org"]);
    assert_eq!(crate::cli::code(&output), 1);
}

#[test]
fn a_service_that_says_nothing_is_not_asked_for_ever() {
    let tokens: String = (0..9).map(|n| format!("t{n} = '{}'\n", numbered(n))).collect();
    let mock = Mock::new(vec![http(404, "")]);
    let output = checked(&mock, &[("a.py", &tokens)], &["--format", "json"]);
    assert_eq!((mock.requests().len(), crate::cli::code(&output)), (3, 2));
    let json = crate::cli::json(&output);
    let all = json["diagnostics"].as_array().expect("a list");
    assert!(all.iter().all(|it| it["verdict"]["verdict"] == "unknown"));
}

/// One of several made-up tokens.
fn numbered(n: usize) -> String {
    let token = expand("$SERVICE");
    let digit = "23456789A".chars().nth(n).expect("a few");
    format!("{}{digit}", &token[..token.len() - 1])
}
