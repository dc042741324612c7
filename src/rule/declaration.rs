//! What a rule may ask about a declared token, and which key of the entry shows the answer.

use serde::Deserialize;

use super::when::one_or_more;
use crate::detect::Kind;
use crate::inventory::{Purpose, Rights, Shown, Stage, Term};
use crate::lazy::LazyRegex;

/// Which declared tokens: every key that is given must hold. Where a key names a parameter, the rule says its value, and
/// sets and configurations may say another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declaration {
    /// Whose it is.
    #[serde(default)]
    kind: Option<Kind>,
    /// What it is for: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    purpose: Vec<Purpose>,
    /// Where it is used: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    stage: Vec<Stage>,
    /// Patterns of which one must match the role.
    #[serde(default)]
    role: Vec<LazyRegex>,
    /// Patterns of which one must match a permission.
    #[serde(default)]
    permission: Vec<LazyRegex>,
    /// Patterns of which none matches some permission.
    #[serde(default)]
    permission_beyond: Vec<LazyRegex>,
    /// Whether it has a last day.
    #[serde(default)]
    expires: Option<bool>,
    /// Whether that is over.
    #[serde(default)]
    ended: Option<bool>,
    /// It ends within so many days: a parameter.
    #[serde(default)]
    ends_within: Option<String>,
    /// It lives longer than so many days: a parameter.
    #[serde(default)]
    lives_over: Option<String>,
    /// Whether anything uses it. Holds neither way if it has no references, or if not everything was looked at.
    #[serde(default)]
    used: Option<bool>,
    /// Whether it is used in more files than its entry allows: so many as `places` says, or `used_by` has lines, or one.
    #[serde(default)]
    shared: Option<bool>,
    /// It is the first of its kind beyond so many: a parameter.
    #[serde(default)]
    first_over: Option<String>,
}

impl Declaration {
    /// The parameters that it names.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        let all = [&self.ends_within, &self.lives_over, &self.first_over];
        all.into_iter().flatten().map(String::as_str)
    }

    pub(super) fn patterns(&self) -> [(&'static str, &[LazyRegex]); 3] {
        [
            ("role", &self.role),
            ("permission", &self.permission),
            ("permission_beyond", &self.permission_beyond),
        ]
    }

    /// Whether an entry is meant, and what shows it best.
    pub(super) fn holds(&self, it: &Term<'_>) -> Option<Shown> {
        let token = it.token;
        let meant = self.kind.is_none_or(|kind| kind == token.kind)
            && (self.purpose.is_empty() || self.purpose.contains(&token.purpose))
            && (self.stage.is_empty() || self.stage.contains(&token.stage));
        if !meant {
            return None;
        }
        let mut shown = Shown::at("name");
        self.life(it, &mut shown)?;
        self.rights(it, &mut shown)?;
        self.uses(it, &mut shown)?;
        Some(shown)
    }

    fn life(&self, it: &Term<'_>, shown: &mut Shown) -> Option<()> {
        let token = it.token;
        if let Some(wanted) = self.expires {
            (wanted == token.expires.is_some()).then_some(())?;
        }
        if let Some(wanted) = self.ended {
            (wanted == (token.expires? < it.now)).then_some(())?;
            *shown = Shown::at("expires");
        }
        if let Some(name) = &self.ends_within {
            let days = token.expires?.days_since(it.now);
            (0..=i64::from((it.parameter)(name))).contains(&days).then_some(())?;
            *shown = Shown::at("expires");
        }
        if let Some(name) = &self.lives_over {
            let most = (it.parameter)(name);
            let days = token.expires?.days_since(token.created.unwrap_or(it.now));
            (i64::from(most) < days).then_some(())?;
            let (key, from) = match token.created {
                Some(_) => ("created", "made here"),
                None => ("name", "declared here, and seen today"),
            };
            let note = format!("{from}, {days} days before its end: {most} are the most");
            *shown = Shown { note: Some((key, note)), ..Shown::at("expires") };
        }
        Some(())
    }

    fn rights(&self, it: &Term<'_>, shown: &mut Shown) -> Option<()> {
        let any = |patterns: &[LazyRegex], text: &str| {
            patterns.iter().any(|it| it.is_match(text.as_bytes()))
        };
        let permission = |fits: &dyn Fn(&str) -> bool| {
            let Some(Rights::Permissions(all)) = &it.token.rights else { return None };
            let n = all.iter().position(|it| fits(it))?;
            Some(Shown::at(&format!("permissions.{n}")))
        };
        if !self.role.is_empty() {
            let Some(Rights::Role(role)) = &it.token.rights else { return None };
            any(&self.role, role).then_some(())?;
            *shown = Shown::at("role");
        }
        if !self.permission.is_empty() {
            *shown = permission(&|text| any(&self.permission, text))?;
        }
        if !self.permission_beyond.is_empty() {
            *shown = permission(&|text| !any(&self.permission_beyond, text))?;
        }
        Some(())
    }

    fn uses(&self, it: &Term<'_>, shown: &mut Shown) -> Option<()> {
        let token = it.token;
        if let Some(wanted) = self.used {
            (!token.references.is_empty() && it.used? == wanted).then_some(())?;
            *shown = Shown::at("references.0");
        }
        if let Some(wanted) = self.shared {
            let most = token.places.map_or(token.used_by.texts().len().max(1), |it| it as usize);
            (wanted == (most < it.places)).then_some(())?;
            let note = format!("its entry allows {most}, and {} use it", it.places);
            *shown = Shown { note: Some(("name", note)), ..Shown::at("references.0") };
        }
        if let Some(name) = &self.first_over {
            (it.number == (it.parameter)(name) as usize + 1).then_some(())?;
        }
        Some(())
    }
}
