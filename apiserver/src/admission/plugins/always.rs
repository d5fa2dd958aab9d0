//! AlwaysAdmit and AlwaysDeny: one does nothing, the other lets nothing pass. Both are there for tests of clusters.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told};

const DENIED: &str = "admission control is denying all modifications";

/// Accepts everything.
#[derive(Debug)]
pub struct AlwaysAdmit;

/// Refuses everything.
#[derive(Debug)]
pub struct AlwaysDeny;

#[async_trait]
impl Plugin for AlwaysAdmit {
    fn name(&self) -> &'static str {
        "AlwaysAdmit"
    }
}

#[async_trait]
impl Plugin for AlwaysDeny {
    fn name(&self) -> &'static str {
        "AlwaysDeny"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        Err(attributes.forbidden(DENIED))
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        Err(attributes.forbidden(DENIED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    #[tokio::test]
    async fn one_accepts_and_the_other_refuses() {
        let write = Write::create("", "configmaps", tree!({"metadata": {"name": "a"}}));
        let reader = Objects::default();
        assert_eq!(write.validate(&AlwaysAdmit, &reader).await.0, Ok(()));
        let refused = write.mutate(&AlwaysDeny, &reader).await.unwrap_err();
        assert_eq!(refused.code, 403);
        assert!(write.validate(&AlwaysDeny, &reader).await.0.is_err());
    }
}
