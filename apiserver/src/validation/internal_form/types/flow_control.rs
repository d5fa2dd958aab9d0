//! The inner types of flow control.

use super::Form::{Always, Many, Maybe};
use super::{Field, f, null, number, text, truth};

#[rustfmt::skip]
pub(super) const TYPES: &[(&str, &[Field])] = &[
    ("FlowSchemaSpec", &[
        f("PriorityLevelConfiguration", "priorityLevelConfiguration", Always("PriorityLevelConfigurationReference")),
        number("MatchingPrecedence", "matchingPrecedence"),
        f("DistinguisherMethod", "distinguisherMethod", Maybe("FlowDistinguisherMethod")),
        f("Rules", "rules", Many("PolicyRulesWithSubjects")),
    ]),
    ("PriorityLevelConfigurationReference", &[text("Name", "name")]),
    ("FlowDistinguisherMethod", &[text("Type", "type")]),
    ("PolicyRulesWithSubjects", &[
        f("Subjects", "subjects", Many("FlowSubject")),
        f("ResourceRules", "resourceRules", Many("ResourcePolicyRule")),
        f("NonResourceRules", "nonResourceRules", Many("NonResourcePolicyRule")),
    ]),
    ("FlowSubject", &[
        text("Kind", "kind"),
        f("User", "user", Maybe("UserSubject")),
        f("Group", "group", Maybe("GroupSubject")),
        f("ServiceAccount", "serviceAccount", Maybe("ServiceAccountSubject")),
    ]),
    ("UserSubject", &[text("Name", "name")]),
    ("GroupSubject", &[text("Name", "name")]),
    ("ServiceAccountSubject", &[text("Namespace", "namespace"), text("Name", "name")]),
    ("ResourcePolicyRule", &[
        null("Verbs", "verbs"),
        null("APIGroups", "apiGroups"),
        null("Resources", "resources"),
        truth("ClusterScope", "clusterScope"),
        null("Namespaces", "namespaces"),
    ]),
    ("NonResourcePolicyRule", &[null("Verbs", "verbs"), null("NonResourceURLs", "nonResourceURLs")]),
    ("PriorityLevelConfigurationSpec", &[
        text("Type", "type"),
        f("Limited", "limited", Maybe("LimitedPriorityLevelConfiguration")),
        f("Exempt", "exempt", Maybe("ExemptPriorityLevelConfiguration")),
    ]),
    ("LimitedPriorityLevelConfiguration", &[
        number("NominalConcurrencyShares", "nominalConcurrencyShares"),
        f("LimitResponse", "limitResponse", Always("LimitResponse")),
        null("LendablePercent", "lendablePercent"),
        null("BorrowingLimitPercent", "borrowingLimitPercent"),
    ]),
    ("LimitResponse", &[text("Type", "type"), f("Queuing", "queuing", Maybe("QueuingConfiguration"))]),
    ("QueuingConfiguration", &[
        number("Queues", "queues"),
        number("HandSize", "handSize"),
        number("QueueLengthLimit", "queueLengthLimit"),
    ]),
    ("ExemptPriorityLevelConfiguration", &[
        null("NominalConcurrencyShares", "nominalConcurrencyShares"),
        null("LendablePercent", "lendablePercent"),
    ]),
];
