//! Keeps up the conditions of flow schemas. What they say is decided in [`flow_control`].

use object::time::Time;
use schema::{Value, tree};

use super::{Hooks, text};
use crate::bootstrap::flow_control;

const FLOW_SCHEMAS: &str = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas";
const LEVELS: &str = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations";

impl Hooks {
    /// Follows flow schemas and priority levels until the server stops.
    pub(super) async fn keep_flow_control(&self) {
        let prefixes = ["flowschemas", "prioritylevelconfigurations"]
            .map(str::to_owned)
            .to_vec();
        self.follow(&self.flow_control, "flow control", prefixes.clone(), || async {
            self.mark_flow_schemas().await.map(|()| prefixes.clone())
        })
        .await;
    }

    async fn mark_flow_schemas(&self) -> Result<(), String> {
        let levels = self.loopback.get(LEVELS).await.map_err(text)?;
        let exists = |name: &str| {
            levels
                .list_at(&["items"])
                .iter()
                .any(|level| level.str_at(&["metadata", "name"]) == Some(name))
        };
        let schemas = self.loopback.get(FLOW_SCHEMAS).await.map_err(text)?;
        let now = Time::now().format();
        for flow_schema in schemas.list_at(&["items"]) {
            let level = flow_schema
                .str_at(&["spec", "priorityLevelConfiguration", "name"])
                .unwrap_or_default();
            if let Some(condition) = flow_control::dangling_condition(flow_schema, exists(level), &now) {
                self.mark_flow_schema(flow_schema, condition).await?;
            }
        }
        Ok(())
    }

    /// The condition is applied: its owner is told apart from this server's other writes.
    async fn mark_flow_schema(&self, flow_schema: &Value, condition: Value) -> Result<(), String> {
        let name = flow_schema.str_at(&["metadata", "name"]).unwrap_or_default();
        let status = tree!({
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "FlowSchema",
            "metadata": {"name": name},
            "status": {"conditions": [condition]},
        });
        let path = format!("{FLOW_SCHEMAS}/{name}/status");
        let applied = self.loopback.apply(&path, flow_control::MANAGER, &status).await;
        applied.map(drop).map_err(text)
    }
}
