//! Messages about files are in the words of whoever writes them: every value of every kind of file, of every wrong type.

use lynklint::baseline::Baseline;
use lynklint::config::Config;
use lynklint::policy::Policy;
use lynklint::rule::Rule;
use lynklint::source::Tree;
use lynklint::yaml_file::{Kind, YamlFile};

use crate::cli::folder;
use crate::inventory::LIST;

/// Each kind of file, right, with every key that it knows.
const RIGHT: [(Kind, &str); 5] = [
    (
        Kind::PolicySet,
        "extends: [recommended]
at_least: advisory
'*': advisory
parameters: { token-expires-soon: { days: 3 } }
token-expired: advisory
",
    ),
    (Kind::Inventory, LIST),
    (
        Kind::Configuration,
        "version: 1
required_version: '>=0.1'
policy_sets: [recommended, { set: audit, scope: { include: [a], exclude: [b] } }]
enforcement: { token-expired: advisory }
parameters: { token-expires-soon: { days: 3 } }
rules: ./rules
paths: { exclude: [a] }
suppressions:
  max_days: 90
  entries: [{ rule: token-expired, fingerprint: 0123456789abcdef, reason: r, until: 2027-01-31 }]
baseline: b.yaml
exceptions: [{ rule: token-expired, fingerprint: 0123456789abcdef, reason: r, approver: a, until: 2027-01-31 }]
tokens: [{ name: a, kind: service, permissions: [b], purpose: read, stage: ci, owner: o, places: 3 }]
",
    ),
    (
        Kind::Baseline,
        "version: 1
reason: r
until: 2027-01-31
entries: [{ rule: token-expired, path: a, subject: b, fingerprint: 0123456789abcdef, content: 0123456789abcdef, count: 2 }]
",
    ),
    (
        Kind::Rule,
        "severity: error
summary: S
why: W
fix: F
reference: https://example.org
since: 0.1.0
parameters: { days: 3 }
when: { subject: either, token: { kind: service }, ci: true, name: [a], declared: true, declaration: { ended: true, role: [a] } }
supersedes: [a]
bad: [{ path: a, text: a, beside: [{ path: b, text: c }], parameters: { days: 1 } }]
good: [{ path: a, text: a }]
",
    ),
];

#[test]
fn no_message_names_a_type_of_the_program() {
    let wrong = ["{ x: { y: z } }", "[[]]", "-5", "1.5", "x", "true", "~", "{}"];
    let (mut seen, mut mistakes) = (0, Vec::new());
    for (kind, text) in RIGHT {
        let spans = YamlFile::new(kind, "x.yaml", text).spans("");
        assert_eq!(message(kind, text), None);
        for (path, span) in spans.into_iter().filter(|it| !it.1.is_empty()) {
            for wrong in wrong {
                // Of a list or a mapping, the span is where it opens.
                let rest = &text[span.end..];
                let end = match text.as_bytes()[span.start] {
                    b'{' => span.start + closing(&text[span.start..], '{', '}'),
                    b'[' => span.start + closing(&text[span.start..], '[', ']'),
                    _ => text.len() - rest.len(),
                };
                let broken = format!("{}{wrong}{}", &text[..span.start], &text[end..]);
                let Some(message) = message(kind, &broken) else { continue };
                seen += 1;
                let named = |it: &&str| TYPES.contains(it);
                if message.split(|it: char| !it.is_alphanumeric()).any(|it| named(&it)) {
                    mistakes.push(format!("{kind:?} {path}: {wrong}: {message}"));
                }
            }
        }
    }
    assert!(200 < seen, "{seen}");
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// Words of the program or of its parser that say nothing to whoever writes YAML.
const TYPES: [&str; 16] = [
    "struct",
    "enum",
    "tuple",
    "newtype",
    "Option",
    "Vec",
    "Raw",
    "u8",
    "u32",
    "u64",
    "i64",
    "usize",
    "sequence",
    "unit",
    "identifier",
    "untagged",
];

fn closing(text: &str, open: char, close: char) -> usize {
    let mut depth = 0;
    for (at, it) in text.char_indices() {
        depth += i32::from(it == open) - i32::from(it == close);
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// What is said about a file, if it is wrong.
fn message(kind: Kind, text: &str) -> Option<String> {
    let file = YamlFile::new(kind, "x.yaml", text);
    let broken = match kind {
        Kind::Inventory => Config::default().declare(&file).err(),
        Kind::Configuration => Config::parse(file).err(),
        Kind::Baseline => Baseline::parse(&file).err(),
        Kind::PolicySet => return set_message(text),
        Kind::Rule => Rule::parse("x", "x.yaml", text).err(),
    };
    broken.map(|it| it.to_string())
}

/// What is said about a set, if it is wrong.
fn set_message(text: &str) -> Option<String> {
    let folder = folder(&[("x.yaml", text)]);
    let config = "version: 1\npolicy_sets: [./x.yaml]\n";
    let config = Config::parse(YamlFile::new(Kind::Configuration, "config", config));
    let tree = Tree::Disk(folder.path().to_owned());
    let policy = Policy::new(config.expect("it is right"), Vec::new(), &tree);
    policy.err().map(|it| it.to_string())
}
