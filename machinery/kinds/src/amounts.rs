//! Amounts by the names of resources (`cpu`, `requests.storage`, `count/secrets`), as limits and quotas count with them.

use std::collections::BTreeMap;

use schema::quantity::Quantity;
use schema::{Map, SmolStr, Value};

/// Amounts, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts(BTreeMap<SmolStr, Quantity>);

impl Amounts {
    /// What a field such as `requests` or `hard` says. A text that is no quantity, which decoding refuses, is left out.
    pub fn of(map: Option<&Map>) -> Self {
        let entries = map.into_iter().flat_map(Map::iter);
        let parsed = entries.filter_map(|(name, value)| {
            let amount = Quantity::parse(value.as_str()?).ok()?;
            Some((name.clone(), amount))
        });
        Self(parsed.collect())
    }

    /// As a field says it.
    pub fn to_value(&self) -> Value {
        let mut map = Map::with_capacity(self.0.len());
        for (name, amount) in &self.0 {
            map.insert(name.clone(), amount.canonical());
        }
        Value::Map(map)
    }

    /// The amount of a resource.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        self.0.get(name)
    }

    /// Sets the amount of a resource.
    pub fn set(&mut self, name: impl Into<SmolStr>, amount: Quantity) {
        self.0.insert(name.into(), amount);
    }

    /// Whether it has nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names with amounts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &Quantity)> {
        self.0.iter()
    }

    /// Names, in order.
    pub fn names(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.keys()
    }

    /// More of each.
    pub fn add(&mut self, more: &Self) {
        for (name, amount) in &more.0 {
            let sum = self.0.get(name).map_or(*amount, |have| have.plus(amount));
            self.0.insert(name.clone(), sum);
        }
    }

    /// The larger of each.
    pub fn raise_to(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            if self.0.get(name).is_none_or(|have| have < amount) {
                self.0.insert(name.clone(), *amount);
            }
        }
    }

    /// What is more than in `other`, of each; nothing where it is less.
    pub fn beyond(&self, other: &Self) -> Self {
        let rest = self.0.iter().map(|(name, amount)| {
            let rest = other.0.get(name).map_or(*amount, |old| amount.minus(old));
            (
                name.clone(),
                if rest.signum() < 0 { Quantity::ZERO } else { rest },
            )
        });
        Self(rest.collect())
    }

    /// Takes away what is there to take, of each that is named here.
    pub fn take(&mut self, less: &Self) {
        for (name, amount) in &less.0 {
            if let Some(have) = self.0.get_mut(name) {
                let rest = have.minus(amount);
                *have = if rest.signum() < 0 { Quantity::ZERO } else { rest };
            }
        }
    }

    /// Without those that are nothing.
    pub fn without_zeros(mut self) -> Self {
        self.0.retain(|_, amount| !amount.is_zero());
        self
    }

    /// Those whose names hold.
    pub fn only(&self, holds: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, _)| holds(name));
        Self(kept.map(|(name, amount)| (name.clone(), *amount)).collect())
    }

    /// `cpu=1,memory=2Gi`.
    pub fn printed(&self) -> String {
        let parts = self.0.iter().map(|(name, amount)| format!("{name}={amount}"));
        parts.collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn amounts(value: Value) -> Amounts {
        Amounts::of(value.as_map())
    }

    #[test]
    fn amounts_add_and_come_apart_again() {
        let old = amounts(tree!({"cpu": "1", "memory": "1Gi"}));
        let mut all = old.clone();
        all.add(&amounts(tree!({"cpu": "500m", "pods": "1"})));
        assert_eq!(all.printed(), "cpu=1500m,memory=1Gi,pods=1");
        assert_eq!(all.beyond(&old).without_zeros().printed(), "cpu=500m,pods=1");
        all.take(&amounts(tree!({"cpu": "2", "other": "1"})));
        assert_eq!(all.printed(), "cpu=0,memory=1Gi,pods=1");
        all.raise_to(&old);
        assert_eq!(all.only(|name| name != "pods"), old);
    }
}
