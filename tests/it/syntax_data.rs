//! What data files say: the address, the meaning and the place of each value.

use std::collections::BTreeMap;
use std::fmt::Write;

use lynklint::syntax::{Address, Document, Room, Step, Syntax, Value};
use proptest::prelude::*;
use serde::Deserialize;

const ALL: [Syntax; 7] = [
    Syntax::Yaml,
    Syntax::Json,
    Syntax::Toml,
    Syntax::Hcl,
    Syntax::Dotenv,
    Syntax::Ini,
    Syntax::Xml,
];

/// Files, and what they say: `address = "meaning"`, then `@ "source"` if that differs and `$` if it interpolates;
/// `alias -> anchor`; `! why it is broken`.
const CASES: &[(Syntax, &str, &str)] = &[
    // YAML: plain, quoted, escaped and folded scalars.
    (
        Syntax::Yaml,
        "a: x # c\nb: 'it''s'\n",
        r#"
a = "x"
b = "it's" @ "'it''s'""#,
    ),
    (
        Syntax::Yaml,
        "\u{feff}a: \"x\\u0041\\\r\n   y  \r\n\r\n  z\\ \"\r\n",
        r#"
a = "xAy\nz " @ "\"x\\u0041\\\r\n   y  \r\n\r\n  z\\ \"""#,
    ),
    (
        Syntax::Yaml,
        "a: one\n  two\n\n  three\nb: 'x \n  y'\n",
        r#"
a = "one two\nthree" @ "one\n  two\n\n  three"
b = "x y" @ "'x \n  y'""#,
    ),
    // YAML: block scalars, with every indicator.
    (
        Syntax::Yaml,
        "a: |\n  x\n   y\n\nb: |2-\n   x\n  y\n\nc: |+\n  x\n\nd: 1",
        r#"
a = "x\n y\n" @ "x\n   y\n"
b = " x\ny" @ " x\n  y"
c = "x\n\n"
d = "1""#,
    ),
    (
        Syntax::Yaml,
        "a: >-\n\n  f1\n  f2\n\n    more\n  f3\n\nb: >\n  é\n  ü",
        r#"
a = "\nf1 f2\n\n  more\nf3" @ "\n  f1\n  f2\n\n    more\n  f3"
b = "é ü" @ "é\n  ü""#,
    ),
    (
        Syntax::Yaml,
        "a: |\r\n  x\r\n  y\r\nb: |\n\n",
        "
a = \"x\\ny\\n\" @ \"x\\r\\n  y\\r\\n\"
b = \"\"",
    ),
    // YAML: what has no value has an address; keys that are no words; the same key twice.
    (
        Syntax::Yaml,
        "on:\n  push:\n  pull_request: {}\na: [[], {b: , c: ~}]\n",
        r#"
on.push = ""
on.pull_request = "{}"
a[0] = "[]"
a[1].b = ""
a[1].c = "~""#,
    ),
    (
        Syntax::Yaml,
        "? [a, b]\n: v\n? {c: d}\n: w\nk: 1\nk: 2\n\"q.q\": 3\n",
        r#"
["[a, b]"] = "v"
["{c: d}"] = "w"
k = "1"
k = "2"
["q.q"] = "3""#,
    ),
    (
        Syntax::Yaml,
        "- a\n- - b\n  - c: !vault |\n      x\n",
        r#"
[0] = "a"
[1][0] = "b"
[1][1].c = "x\n""#,
    ),
    // YAML: an alias has nothing of its own; a merge is an alias of the mapping around it.
    (
        Syntax::Yaml,
        "s: &s\n  A: 1\nt: &t x\nenv: *s\njob:\n  env:\n    <<: [*s, {C: 3}]\n    B: *t\n    D: *u\n",
        r#"
s.A = "1"
t = "x"
job.env.C = "3"
job.env.D = "*u"
env -> s
job.env -> s
job.env.B -> t"#,
    ),
    (
        Syntax::Yaml,
        "a: &a {<<: *a, b: &b [*a, *b]}\n*b : c\n",
        r#"
["*b"] = "c"
a -> a
a.b[0] -> a
a.b[1] -> a.b"#,
    ),
    // YAML: a broken document keeps its beginning, and does not hide the next.
    (
        Syntax::Yaml,
        "a: 1\nb: [1\n---\nc: 2\n...\n---\nd: {{- if x }}\n",
        r#"
a = "1"
c = "2"
! it is not YAML"#,
    ),
    // JSON, also with comments, trailing commas, and in lines.
    (
        Syntax::Json,
        r#"// c
{"a": "x\u00e9\ud83d\ude00\n", /* k */ "b": [1, true, null, {}, [{"c": 'd',}],], e: -1.5e3}
{"a\"": ""}
"#,
        r#"
a = "xé😀\n" @ "\"x\\u00e9\\ud83d\\ude00\\n\""
b[0] = "1"
b[1] = "true"
b[2] = "null"
b[3] = "{}"
b[4][0].c = "d" @ "'d'"
e = "-1.5e3"
["a\""] = "" @ "\"\"""#,
    ),
    (
        Syntax::Json,
        r#"{"a": 1, "b": {"c": "#,
        r#"
a = "1"
! it ends too early"#,
    ),
    // TOML: tables, arrays of them, dotted keys, all four strings.
    (
        Syntax::Toml,
        "t = \"x\\u00e9\\ty\" # c\na.\"b c\" = 'l\\n'\nd = 1979-05-27 07:32:00\nr = [1, { x = 1, y.z = \"q\" }, []]\n",
        r#"
t = "xé\ty" @ "\"x\\u00e9\\ty\""
a["b c"] = "l\\n" @ "'l\\n'"
d = "1979-05-27 07:32:00"
r[0] = "1"
r[1].x = "1"
r[1].y.z = "q" @ "\"q\""
r[2] = "[]""#,
    ),
    (
        Syntax::Toml,
        "[e]\n[t]\n[t.u]\nk = \"\"\"\none \\\n   two\n\"\"\"\n[[x]]\nn = 1\n[[x]]\nn = 2\n[x.s]\nm = 3\n[[x.y]]\nz = 4\n[[x.y]]\nz = 5\n",
        r#"
e = "[e]"
t.u.k = "one two\n" @ "\"\"\"\none \\\n   two\n\"\"\""
x[0].n = "1"
x[1].n = "2"
x[1].s.m = "3"
x[1].y[0].z = "4"
x[1].y[1].z = "5""#,
    ),
    (
        Syntax::Toml,
        "a = 'x\nb\nc = 1\n",
        r#"
a = "x" @ "'x"
c = "1"
! it is not TOML"#,
    ),
    // HCL: blocks by their labels, expressions as they are written, templates with what they interpolate.
    (
        Syntax::Hcl,
        "variable \"t\" {\n  type = string # c\n  default = \"a${var.x[\"k\"]}\\n$${no}\" // c\n  sensitive = true\n}\noutput \"x\" { value = var.t }\n",
        r#"
variable.t = "t" @ "\"t\""
variable.t.type = "string"
variable.t.default = "a${var.x[\"k\"]}\n${no}" @ "\"a${var.x[\"k\"]}\\n$${no}\"" $
variable.t.sensitive = "true"
output.x = "x" @ "\"x\""
output.x.value = "var.t""#,
    ),
    (
        Syntax::Hcl,
        "resource \"r\" \"n\" {\n  e {}\n  tags = merge(local.t, { A = \"a\", \"b\" : f(\"b\"), (var.z) = 1 })\n  l = [1, var.x[0].y, [for s in l : \"${s}\"], {\n    a = !b\n  },]\n  c = var.a == \"b\" ? \"c\" : \"d\"\n}\n",
        r#"
resource.r.n = "n" @ "\"n\""
resource.r.n.e = "{}"
resource.r.n.tags = "merge(local.t,"
resource.r.n.tags.A = "a" @ "\"a\"" $
resource.r.n.tags.b = "f("
resource.r.n.tags.b = "b" @ "\"b\"" $
resource.r.n.tags["(var.z)"] = "1"
resource.r.n.l[0] = "1"
resource.r.n.l[1] = "var.x[0].y"
resource.r.n.l[2] = "[for s in l :"
resource.r.n.l[2] = "${s}" @ "\"${s}\"" $
resource.r.n.l[3].a = "!b"
resource.r.n.c = "var.a =="
resource.r.n.c = "b" @ "\"b\"" $
resource.r.n.c = "c" @ "\"c\"" $
resource.r.n.c = "d" @ "\"d\"" $"#,
    ),
    (
        Syntax::Hcl,
        "a = <<-EOT\n    #!/bin/sh\n      export X=\"$${T}${var.t}\"\n\n    EOT\nb = <<EOT\n y\nEOT\nc = f(\n  var.t, // c\n)\n/* x = 1 */ d = 1\n",
        r##"
a = "#!/bin/sh\n  export X=\"${T}${var.t}\"\n\n" @ "    #!/bin/sh\n      export X=\"$${T}${var.t}\"\n\n" $
b = " y\n" $
c = "f(\n  var.t, // c\n)"
d = "1""##,
    ),
    (
        Syntax::Hcl,
        "a = 1\nb = \"x\nc = 2\n",
        "
a = \"1\"
! a text does not end",
    ),
    // Environment files.
    (
        Syntax::Dotenv,
        "# c\nA=1\r\nexport B = \"x\\ny # no\nz\" # c\nC='a\\n$X'\n  D=un quoted # c\nE=#\nF=a#b\nbad\nG=\"open\nH=\nI.J=`b`\n",
        r#"
A = "1" $
B = "x\ny # no\nz" @ "\"x\\ny # no\nz\"" $
C = "a\\n$X" @ "'a\\n$X'"
D = "un quoted" $
E = "" $
F = "a#b" $
G = "\"open" $
H = "" $
["I.J"] = "b" @ "`b`""#,
    ),
    // Ini files and their kin.
    (
        Syntax::Ini,
        "; c\ntop=1\n[Service]\nEnvironment=\"A=1\" B=2 'C=x y' D=\"q r\" \\\n   E=5\nEnvironment=none\nExecStart=/bin/x --a \\\n  --b\n[empty]\n",
        r#"
top = "1"
Service.Environment.A = "1"
Service.Environment.B = "2"
Service.Environment.C = "x y"
Service.Environment.D = "q r" @ "\"q r\""
Service.Environment.E = "5"
Service.Environment = "none"
Service.ExecStart = "/bin/x --a  --b" @ "/bin/x --a \\\n  --b"
empty = "[empty]""#,
    ),
    (
        Syntax::Ini,
        "[testenv]\nsetenv =\n    A = 1\n    B: two\ndeps =\n    c==1\n    # c\n    d>=2\n[remote \"origin\"]\n\turl = https://x/y?a=b\n\tfetch = +refs\n//r.org/:_authToken=T\nuser.name: \"joe\"\npath:x\n",
        r#"
testenv.setenv.A = "1"
testenv.setenv.B = "two"
testenv.deps = "c==1\nd>=2" @ "c==1\n    # c\n    d>=2"
["remote \"origin\""].url = "https://x/y?a=b"
["remote \"origin\""].fetch = "+refs"
["remote \"origin\""]["//r.org/:_authToken"] = "T"
["remote \"origin\""]["user.name"] = "joe" @ "\"joe\""
["remote \"origin\""].path = "x""#,
    ),
    // XML: elements, attributes, references, character data.
    (
        Syntax::Xml,
        "<?xml version=\"1.1\"?>\n<!DOCTYPE s>\n<s a=\"1&amp;2\"><!-- c -->\n <x:t id='x'>\n  <p> p&lt;&#x41;&no; </p><t><![CDATA[a&b]]></t><e/>\n  mixed <b>bold</b>\n </x:t>\n</s>\n",
        r#"
s["@a"] = "1&2" @ "\"1&amp;2\""
s.t["@id"] = "x" @ "'x'"
s.t.p = "p<A&no;" @ "p&lt;&#x41;&no;"
s.t.t = "a&b" @ "<![CDATA[a&b]]>"
s.t.e = "<e/>"
s.t = "mixed"
s.t.b = "bold""#,
    ),
    (
        Syntax::Xml,
        "<a><b>x</c></a>",
        "
a.b = \"x\"
! it is not XML",
    ),
];

#[test]
fn every_value_has_its_address_meaning_and_place() {
    for (syntax, text, expected) in CASES {
        let document = syntax.parse(text.as_bytes(), &Room::default()).expect("it is parsed");
        assert_eq!(shown(text, &document), expected.trim_start(), "{syntax:?}: {text}");
        sound(text.as_bytes(), &document);
    }
}

fn shown(text: &str, document: &Document) -> String {
    let mut out = String::new();
    for Value { address, span, text: means, interpolates, .. } in &document.values {
        let (raw, means) = (&text[span.clone()], means.lossy());
        write!(out, "{address} = {means:?}").expect("a string takes it");
        if raw != means {
            write!(out, " @ {raw:?}").expect("a string takes it");
        }
        out += if *interpolates { " $\n" } else { "\n" };
    }
    for (alias, anchor) in &document.aliases {
        writeln!(out, "{alias} -> {anchor}").expect("a string takes it");
    }
    if let Some(broken) = &document.broken {
        writeln!(out, "! {}", broken.reason).expect("a string takes it");
    }
    out.trim_end().to_owned()
}

/// Asserts what holds for the document of any bytes.
fn sound(bytes: &[u8], document: &Document) {
    let text = std::str::from_utf8(bytes).ok();
    let mut end = 0;
    for value in &document.values {
        let span = &value.span;
        assert!(
            end <= span.start && span.start <= span.end && span.end <= bytes.len(),
            "{value:?}"
        );
        end = span.end;
        let source = value.text.source(&(0..value.text.bytes().len()));
        assert!(span.start <= source.start && source.end <= span.end, "{value:?} {source:?}");
        let places = [span.start, span.end, value.key.start, value.key.end, source.start];
        assert!(
            text.is_none_or(|it| places.iter().all(|at| it.is_char_boundary(*at))),
            "{value:?}"
        );
        assert!(value.address.steps().len() <= lynklint::syntax::DEEPEST);
    }
    assert!(document.values.len() * size_of::<Value>() <= 12 << 20);
    assert!(document.broken.as_ref().is_none_or(|it| it.at <= bytes.len()));
}

#[test]
fn a_key_is_found_where_it_stands() {
    let text = "a:\n  \"b\": x\n  c: [y]\n  d: {}\n";
    let document = Syntax::Yaml.parse(text.as_bytes(), &Room::default()).expect("it is parsed");
    let keys: Vec<_> = document.values.iter().map(|it| &text[it.key.clone()]).collect();
    assert_eq!(keys, ["\"b\"", "", "d"]);
}

#[test]
fn what_no_parser_is_asked_to_read_says_why() {
    for syntax in ALL {
        let utf16: Vec<u8> = "\u{feff}a=1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(
            syntax.parse(&utf16, &Room::default()).expect_err("it is UTF-16").reason,
            "it is UTF-16 or binary"
        );
        let large = vec![b' '; lynklint::syntax::LARGEST + 1];
        assert_eq!(
            syntax.parse(&large, &Room::default()).expect_err("it is large").reason,
            "it is larger than 8 MiB"
        );
    }
    let latin1 = Syntax::Yaml.parse(b"# \xe9\na: \xe9x\n", &Room::default()).expect("it is parsed");
    assert_eq!((latin1.values[0].span.clone(), latin1.values[0].text.bytes()), (7..9, &b"_x"[..]));
}

/// Why a file is kept up to a place.
const FULL: &str = "it says more than fits into 12 MiB";

/// Files that cost a naive parser its stack, its memory or its evening. Nothing here may be slow enough to notice.
#[test]
fn budgets_end_what_is_endless() {
    let lines = |n: usize, line: &dyn Fn(usize) -> String| (0..n).map(line).collect::<String>();
    let bomb =
        lines(40, &|i| format!("k{i}: &a{i} [{}x]\n", format!("*a{}, ", i.max(1) - 1).repeat(9)));
    let files = [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
        "<a>".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "[for ".repeat(100_000)),
        format!("a = {}", "(".repeat(100_000)),
        format!("a = \"{}", "${\"".repeat(100_000)),
        lines(4_000, &|i| format!("{}k:\n", " ".repeat(i))),
        format!("{}{}", "[".repeat(60), "a,".repeat(60_000)),
        format!("[{}1]", "1,".repeat(200_000)),
        format!("<a {}/>", lines(20_000, &|i| format!("a{i}='' "))),
        format!("a: \"{}\"", "x".repeat(1 << 20)),
        format!("a: \"{}\"", "\n".repeat(200 << 10)),
        format!("a: \"x{}\ny\"", " ".repeat(200 << 10)),
        "a=<<A\n".repeat(20_000),
        "A='\nB=\"\nC=`\n".repeat(20_000),
        bomb,
    ];
    for file in &files {
        for syntax in ALL {
            sound(
                file.as_bytes(),
                &syntax.parse(file.as_bytes(), &Room::default()).expect("it is parsed"),
            );
        }
    }
    let why = |syntax: Syntax, file: &String| {
        let document = syntax.parse(file.as_bytes(), &Room::default()).expect("it is parsed");
        document.broken.expect("a budget ends it").reason
    };
    assert_eq!(why(Syntax::Json, &files[0]), "it is nested more than 64 deep");
    assert_eq!(why(Syntax::Yaml, &files[10]), FULL);
    assert_eq!(why(Syntax::Json, &files[11]), FULL);
}

/// The project's own data files, and the examples of its rules.
fn files() -> Vec<(Syntax, String)> {
    let mut files = Vec::new();
    // What stands in `exports` is a template and no file yet.
    let skipped = ["target", ".git", "snapshots", "exports"];
    let walk = walkdir::WalkDir::new(env!("CARGO_MANIFEST_DIR")).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|it| !skipped.iter().any(|name| it.file_name() == *name)) {
        let path = entry.expect("it can be listed").into_path();
        if let Some(syntax) = syntax(&path.to_string_lossy()) {
            files.push((syntax, std::fs::read_to_string(&path).expect("it can be read")));
        }
    }
    for rule in lynklint::rule::Rule::builtin().expect("the rules load") {
        let examples = rule.bad.iter().chain(rule.good.iter());
        files.extend(examples.filter_map(|it| Some((syntax(&it.path)?, it.text.clone()))));
    }
    files
}

fn syntax(path: &str) -> Option<Syntax> {
    match path.rsplit('.').next() {
        Some("yaml" | "yml") => Some(Syntax::Yaml),
        Some("toml" | "lock") => Some(Syntax::Toml),
        _ => None,
    }
}

/// The addresses of another parser's tree, each with its text if it is a string.
fn leaves(at: &Address, tree: &serde_yaml::Value, out: &mut Vec<(String, Option<String>)>) {
    match tree {
        serde_yaml::Value::Mapping(entries) if !entries.is_empty() => {
            for (key, below) in entries {
                let key = serde_yaml::to_string(key).expect("a scalar");
                let key: String = serde_yaml::from_str(&key).unwrap_or(key);
                leaves(&at.key(key.trim()), below, out);
            }
        }
        serde_yaml::Value::Sequence(elements) if !elements.is_empty() => {
            for (i, below) in elements.iter().enumerate() {
                let mut at = at.clone();
                at.push(Step::Index(i));
                leaves(&at, below, out);
            }
        }
        serde_yaml::Value::Tagged(tagged) => leaves(at, &tagged.value, out),
        serde_yaml::Value::String(text) => out.push((at.to_string(), Some(text.clone()))),
        _ => out.push((at.to_string(), None)),
    }
}

/// Asserts that a file says what another parser read in it, in any order.
fn agrees(syntax: Syntax, text: &str, trees: &[serde_yaml::Value]) {
    let document = syntax.parse(text.as_bytes(), &Room::default()).expect("it is parsed");
    assert_eq!(document.broken, None, "{text}");
    // The other parser repeats what an alias stands for.
    if !document.aliases.is_empty() {
        return;
    }
    let own = document.values.iter().map(|it| (it.address.to_string(), it.text.lossy()));
    let mut own: Vec<_> = own.collect();
    let mut expected = Vec::new();
    trees.iter().for_each(|it| leaves(&Address::default(), it, &mut expected));
    own.sort();
    expected.sort();
    assert_eq!(own.len(), expected.len(), "{syntax:?}: {text}");
    for ((at, text), (address, means)) in own.iter().zip(&expected) {
        assert_eq!(at, address);
        assert!(means.as_ref().is_none_or(|it| it == text), "{at}: {text:?}, not {means:?}");
    }
}

#[test]
fn another_parser_reads_the_same() {
    let mut compared = BTreeMap::new();
    let mut compare = |syntax, text: &str, trees: &[serde_yaml::Value]| {
        agrees(syntax, text, trees);
        *compared.entry(syntax).or_insert(0) += 1;
    };
    for (syntax, text) in files() {
        if syntax == Syntax::Toml {
            compare(syntax, &text, &[toml::from_str(&text).expect("it is TOML")]);
            continue;
        }
        let trees = serde_yaml::Deserializer::from_str(&text).map(serde_yaml::Value::deserialize);
        let Ok(trees) = trees.collect::<Result<Vec<_>, _>>() else { continue };
        compare(syntax, &text, &trees);
        for tree in trees {
            let json = serde_json::to_string_pretty(&tree).expect("JSON says it");
            compare(Syntax::Json, &json, std::slice::from_ref(&tree));
            // TOML knows no null, and no document that is not a table.
            if let Ok(text) = toml::to_string(&tree) {
                compare(Syntax::Toml, &text, &[tree]);
            }
        }
    }
    assert!(compared.values().all(|it| 50 < *it), "{compared:?}");
}

/// Pieces of every syntax here.
const PIECE: &str = "[-?:,{}\\[\\]\"'`|>&*!#%<>/=+.$~ \\\\\t\r\n]{1,3}|[a-z0-9]{1,3}|é|\u{2028}|\
    <<EOT\n|EOT\n|\"\"\"|'''|for |\\\\u0041|&amp;|<a>|</a>|<!\\[CDATA\\[|\\]\\]>|Environment=|\n  ";

/// Bytes that are nearly a data file: pieces of syntax, or a file with some places changed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let files = files().into_iter().map(|it| it.1).filter(|it| it.len() < 10_000);
    let files: Vec<_> = files.chain(CASES.iter().map(|it| it.1.to_owned())).collect();
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), 0usize..4, PIECE), 1..5);
    let edited = (prop::sample::select(files), edits).prop_map(|(file, edits)| {
        let mut bytes = file.into_bytes();
        for (at, len, piece) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + len).min(bytes.len());
            bytes.splice(at..end, piece.bytes());
        }
        bytes
    });
    let pieces = proptest::collection::vec(PIECE, 0..40).prop_map(|it| it.concat().into_bytes());
    prop_oneof![pieces, edited, proptest::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #[test]
    fn any_bytes_give_a_sound_document(bytes in bytes()) {
        for syntax in ALL {
            if let Ok(document) = syntax.parse(&bytes, &Room::default()) {
                sound(&bytes, &document);
            }
        }
    }
}
