//! Folds. What is folded may be an error for a while: `all` and `exists` can still be decided by a later item.

use std::sync::Arc;

use super::machine::{Machine, weighed};
use super::plan::{Fold, Node};
use crate::cost;
use crate::value::{Error, Key, List, Map, Outcome, OwnedMap, Value};

impl<'a> Machine<'_, 'a> {
    pub(super) fn fold(&mut self, fold: &Fold) -> Outcome<'a> {
        let range = self.run(&fold.range)?;
        let init = self.run(&fold.init);
        let accumulator = self.locals.len();
        self.locals.push(init);
        let done = match range {
            Value::List(list) => self.over_list(fold, accumulator, &list),
            Value::Map(map) => self.over_map(fold, accumulator, &map),
            _ => Err(Error::no_overload()),
        };
        self.locals.truncate(accumulator + 1);
        let outcome = done.and_then(|()| self.run(&fold.result));
        self.locals.truncate(accumulator);
        outcome
    }

    fn over_list(&mut self, fold: &Fold, accumulator: usize, list: &List<'a>) -> Result<(), Error> {
        for at in 0..list.len() {
            let Some(item) = list.get(at) else { break };
            let place = fold.has_second.then_some(Value::Int(at as i64));
            if !self.step(fold, accumulator, place.into_iter().chain([item]))? {
                break;
            }
        }
        Ok(())
    }

    fn over_map(&mut self, fold: &Fold, accumulator: usize, map: &Map<'a>) -> Result<(), Error> {
        for key in map.keys() {
            let value = match fold.has_second {
                true => map.get(&Key::of(&key)?),
                false => None,
            };
            if !self.step(fold, accumulator, [key].into_iter().chain(value))? {
                break;
            }
        }
        Ok(())
    }

    /// One step with these variables; whether to go on.
    fn step(
        &mut self,
        fold: &Fold,
        accumulator: usize,
        variables: impl Iterator<Item = Value<'a>>,
    ) -> Result<bool, Error> {
        self.locals.truncate(accumulator + 1);
        self.locals.extend(variables.map(Ok));
        if !matches!(self.run(&fold.condition)?, Value::Bool(true)) {
            return Ok(false);
        }
        let outcome = self.run(&fold.step);
        let always = matches!(fold.condition, Node::Constant(_));
        match outcome {
            // Where nothing but the end stops a fold, nothing makes up for an error either.
            Err(error) if error.is_final() || always => Err(error),
            outcome => {
                self.locals[accumulator] = outcome;
                Ok(true)
            }
        }
    }

    /// The list at a place with one more item. It is taken out, so that it need not be copied.
    pub(super) fn append(&mut self, at: usize, item: &Node) -> Outcome<'a> {
        let item = self.run(item)?;
        self.charge(cost::NAME + cost::LIST + cost::CALL)?;
        match std::mem::replace(&mut self.locals[at], Ok(Value::Null))? {
            Value::List(List::Owned(mut list)) => {
                Arc::make_mut(&mut list).push(item);
                weighed(Value::List(List::Owned(list)))
            }
            _ => Err(Error::no_overload()),
        }
    }

    pub(super) fn insert(&mut self, at: usize, parts: &[Node]) -> Outcome<'a> {
        let parts: Vec<Value<'a>> = parts
            .iter()
            .map(|part| self.run(part))
            .collect::<Result<_, _>>()?;
        self.charge(cost::NAME + cost::CALL)?;
        let Value::Map(Map::Owned(mut map)) = std::mem::replace(&mut self.locals[at], Ok(Value::Null))?
        else {
            return Err(Error::no_overload());
        };
        let whole = Arc::make_mut(&mut map);
        match parts.as_slice() {
            [key, value] => add(whole, key, value.clone())?,
            [Value::Map(more)] => {
                for key in more.keys() {
                    if let Some(value) = more.get(&Key::of(&key)?) {
                        add(whole, &key, value)?;
                    }
                }
            }
            _ => return Err(Error::no_overload()),
        }
        weighed(Value::Map(Map::Owned(map)))
    }
}

fn add<'a>(map: &mut OwnedMap<'a>, key: &Value<'_>, value: Value<'a>) -> Result<(), Error> {
    let key = Key::of(key)?;
    if map.contains_key(&key) {
        let shown = crate::library::text_of(&key.value()).unwrap_or_default();
        return Err(Error::failed(format!(
            "insert failed: key {shown} already exists"
        )));
    }
    map.insert(key, value);
    Ok(())
}
