//! Rules in the form in which they are checked: verbs as bits, other words by their hash first and their letters only then.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

use smol_str::SmolStr;

use super::rule::Rule;
use crate::authorize::Attributes;

/// Keyed anew in each process, so that nobody can choose words that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
/// The verbs of the API; each is a bit. Others are compared as words.
const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// The rules of one role.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
    compiled: Vec<Compiled>,
    outline: Outline,
}

/// All that the rules of a role are about, in a few words of memory: most questions are not about a role, and its rules are not
/// looked at then.
#[derive(Debug, Default)]
struct Outline {
    verbs: u16,
    /// Any verb, or one that has no bit.
    has_other_verbs: bool,
    /// A bit for each resource, by its hash; all of them for `*`. Several may share a bit.
    resources: u64,
}

#[derive(Debug)]
struct Compiled {
    verbs: Verbs,
    groups: Words,
    resources: Words,
    names: Words,
    urls: Vec<SmolStr>,
}

#[derive(Debug)]
struct Verbs {
    all: bool,
    bits: u16,
    others: Words,
}

#[derive(Debug)]
struct Words {
    all: bool,
    words: Vec<(u64, SmolStr)>,
}

/// A question with its words hashed once, however many rules are asked.
pub struct Question<'a> {
    attributes: &'a Attributes<'a>,
    verb_bit: u16,
    verb: Word<'a>,
    group: Word<'a>,
    /// `resource` or `resource/subresource`.
    resource: OwnedWord,
    /// `*/subresource`.
    any_resource: Option<OwnedWord>,
    /// The bits of both.
    resources: u64,
    name: Word<'a>,
}

#[derive(Clone, Copy)]
struct Word<'a>(u64, &'a str);
struct OwnedWord(u64, SmolStr);

impl<'a> Question<'a> {
    /// Of a request.
    pub fn of(attributes: &'a Attributes<'a>) -> Self {
        let sub = attributes.subresource;
        let resource = match sub {
            "" => SmolStr::new(attributes.resource),
            _ => smol_str::format_smolstr!("{}/{sub}", attributes.resource),
        };
        let any_resource = (!sub.is_empty()).then(|| smol_str::format_smolstr!("*/{sub}"));
        let resource = OwnedWord(hash(&resource), resource);
        let any_resource = any_resource.map(|word| OwnedWord(hash(&word), word));
        Self {
            attributes,
            verb_bit: bit(attributes.verb),
            verb: Word::of(attributes.verb),
            group: Word::of(attributes.group),
            resources: mask(resource.0) | any_resource.as_ref().map_or(0, |any| mask(any.0)),
            resource,
            any_resource,
            name: Word::of(attributes.name),
        }
    }
}

impl Rules {
    /// Compiles the rules of a role.
    pub fn new(rules: Vec<Rule>) -> Self {
        let compiled: Vec<_> = rules.iter().map(Compiled::new).collect();
        Self {
            rules: rules.into_iter().map(Arc::new).collect(),
            outline: Outline::of(&compiled),
            compiled,
        }
    }

    /// As they were written.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Whether one of them allows it.
    pub fn allow(&self, question: &Question<'_>) -> bool {
        self.outline.may_allow(question) && self.compiled.iter().any(|rule| rule.allows(question))
    }
}

impl Outline {
    fn of(rules: &[Compiled]) -> Self {
        let mut outline = Self::default();
        for rule in rules {
            outline.verbs |= rule.verbs.bits;
            outline.has_other_verbs |= rule.verbs.all || !rule.verbs.others.words.is_empty();
            outline.resources |= rule.resources.mask();
        }
        outline
    }

    /// Whether it is worth asking each of the rules.
    fn may_allow(&self, question: &Question<'_>) -> bool {
        let has_verb = self.has_other_verbs || self.verbs & question.verb_bit != 0;
        has_verb && (!question.attributes.is_resource || self.resources & question.resources != 0)
    }
}

impl Compiled {
    fn new(rule: &Rule) -> Self {
        Self {
            verbs: Verbs::new(&rule.verbs),
            groups: Words::new(&rule.groups),
            resources: Words::new(&rule.resources),
            names: Words::new(&rule.names),
            urls: rule.urls.clone(),
        }
    }

    fn allows(&self, question: &Question<'_>) -> bool {
        if !self.verbs.has(question) {
            return false;
        }
        if !question.attributes.is_resource {
            return self
                .urls
                .iter()
                .any(|url| url_matches(url, question.attributes.path));
        }
        (self.groups.all || self.groups.has(question.group))
            && self.has_resource(question)
            && self.has_name(question)
    }

    fn has_resource(&self, question: &Question<'_>) -> bool {
        self.resources.all
            || self.resources.has(question.resource.word())
            || question
                .any_resource
                .as_ref()
                .is_some_and(|any| self.resources.has(any.word()))
    }

    fn has_name(&self, question: &Question<'_>) -> bool {
        // A name of `*` is a name as any other.
        self.names.words.is_empty() || self.names.has(question.name)
    }
}

/// Whether a rule's path covers a request's: it is the same, or its beginning up to the trailing `*`.
pub fn url_matches(rule: &str, path: &str) -> bool {
    rule == "*" || rule == path || rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*'))
}

impl Verbs {
    fn new(verbs: &[SmolStr]) -> Self {
        let others: Vec<SmolStr> = verbs.iter().filter(|verb| bit(verb) == 0).cloned().collect();
        Self {
            all: verbs.iter().any(|verb| verb == "*"),
            bits: verbs.iter().fold(0, |bits, verb| bits | bit(verb)),
            others: Words::new(&others),
        }
    }

    fn has(&self, question: &Question<'_>) -> bool {
        self.all
            || self.bits & question.verb_bit != 0
            || question.verb_bit == 0 && self.others.has(question.verb)
    }
}

impl Words {
    fn new(words: &[SmolStr]) -> Self {
        Self {
            all: words.iter().any(|word| word == "*"),
            words: words.iter().map(|word| (hash(word), word.clone())).collect(),
        }
    }

    /// A bit for each word, all bits for `*`.
    fn mask(&self) -> u64 {
        match self.all {
            true => u64::MAX,
            false => self.words.iter().fold(0, |bits, (hash, _)| bits | mask(*hash)),
        }
    }

    fn has(&self, word: Word<'_>) -> bool {
        self.words
            .iter()
            .any(|(hash, text)| *hash == word.0 && text == word.1)
    }
}

impl<'a> Word<'a> {
    fn of(text: &'a str) -> Self {
        Self(hash(text), text)
    }
}

impl OwnedWord {
    fn word(&self) -> Word<'_> {
        Word(self.0, &self.1)
    }
}

fn bit(verb: &str) -> u16 {
    VERBS
        .iter()
        .position(|known| *known == verb)
        .map_or(0, |at| 1 << at)
}

/// One bit of 64 for a hash.
fn mask(hash: u64) -> u64 {
    1 << (hash % 64)
}

fn hash(text: &str) -> u64 {
    HASHER.hash_one(text)
}
