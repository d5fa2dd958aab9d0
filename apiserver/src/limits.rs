//! Every limit of the request tier.

use std::time::Duration;

/// Nesting of a custom resource's schema that is looked at; decoding allows no more.
pub use ::custom::limits::SCHEMA_DEPTH_MAX;

/// A request body, as the reference limits it.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;
/// An answer that the server reads from itself.
pub const LOOPBACK_ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// How often an update is tried again when somebody else wrote in between.
pub const UPDATE_TRIES_MAX: usize = 24;
/// The file that configures admission plugins, and each that it names.
pub const ADMISSION_CONFIGURATION_BYTES_MAX: u64 = 1024 * 1024;
/// Writes that wait for the quotas of one namespace; more are told to come again.
pub const QUOTA_WAITING_MAX: usize = 2_048;
/// How many of them are charged together.
pub const QUOTA_BATCH_MAX: usize = 256;
/// How often they are tried again when another server was quicker.
pub const QUOTA_TRIES_MAX: u32 = 32;
/// How many quotas are written in one transaction: etcd and the embedded store take no more steps than this.
pub const QUOTA_TXN_QUOTAS_MAX: usize = 128;
/// What they may have in all. Stores take 1.5 MiB with all that is around.
pub const QUOTA_TXN_BYTES_MAX: usize = 1024 * 1024;
/// How often what could not be given back is tried at all, in about 100 seconds; then the quota keeps it.
pub const QUOTA_GIVE_BACK_FAILURES_MAX: u32 = 16;
/// For how long a write waits to be charged, as in the reference.
pub const QUOTA_WAIT_MAX: Duration = Duration::from_secs(10);
/// How many generated names are tried.
pub const GENERATED_NAME_TRIES_MAX: usize = 8;
/// How many entries a list reads from the store at a time.
pub const LIST_BATCH: u64 = 500;
/// How many objects a deletecollection deletes at a time. One, as in the reference: watchers see them go in the order of the list.
pub const DELETE_COLLECTION_WORKERS: usize = 1;
/// The content of a ConfigMap or a Secret, in all.
pub const CONFIGURATION_BYTES_MAX: usize = 1_048_576;
/// Parameters of a storage class.
pub const CLASS_PARAMETERS_MAX: usize = 512;
/// Keys and values of a storage class's parameters, in all.
pub const CLASS_PARAMETERS_BYTES_MAX: usize = 262_144;
/// Endpoints of a slice.
pub const SLICE_ENDPOINTS_MAX: usize = 1_000;
/// Addresses of an endpoint of a slice.
pub const SLICE_ADDRESSES_MAX: usize = 100;
/// Ports of a slice.
pub const SLICE_PORTS_MAX: usize = 20_000;
/// Zones, or nodes, that an endpoint of a slice is for.
pub const SLICE_HINTS_MAX: usize = 8;
/// Labels of the old form of topology.
pub const SLICE_TOPOLOGY_LABELS_MAX: usize = 16;
/// Match conditions of a webhook or an admission policy.
pub const MATCH_CONDITIONS_MAX: usize = 64;
/// Audit annotations of an admission policy.
pub const AUDIT_ANNOTATIONS_MAX: usize = 20;
/// The expression of one of them.
pub const AUDIT_ANNOTATION_EXPRESSION_BYTES_MAX: usize = 5 * 1024;
/// The message of a condition.
pub const CONDITION_MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// The reason of a condition.
pub const CONDITION_REASON_BYTES_MAX: usize = 1024;
/// Fields of a custom resource that can be selected by.
pub const DEFINITION_SELECTABLE_FIELDS_MAX: usize = 8;
/// The warning of a deprecated version of a custom resource.
pub const DEFINITION_WARNING_BYTES_MAX: usize = 256;
/// The name that a part of such a schema has in what is told of its rules; longer ones become numbers.
pub const TYPE_NAME_BYTES_MAX: usize = 512;
/// What a rule of a custom resource's schema may cost, for all values that it can be checked for.
pub const RULE_COST_MAX: u64 = 10_000_000;
/// What all rules of a schema may cost together.
pub const RULES_COST_MAX: u64 = 100_000_000;
/// What all rules of a schema may cost when an object is checked, as in the reference.
pub const RULES_RUN_COST_MAX: u64 = 10_000_000;
/// The message that an expression makes.
pub const RULE_MESSAGE_BYTES_MAX: usize = 5 * 1024;
/// Rules that are told of when all together cost too much.
pub const RULES_TOLD_MAX: usize = 4;
/// Requests of a device claim, and references to them in one place.
pub const DEVICE_REQUESTS_MAX: usize = 32;
/// Alternatives of one request.
pub const DEVICE_ALTERNATIVES_MAX: usize = 8;
/// Constraints of a device claim.
pub const DEVICE_CONSTRAINTS_MAX: usize = 32;
/// Pieces of configuration of a device claim, or of a class.
pub const DEVICE_CONFIGS_MAX: usize = 32;
/// The parameters of one.
pub const DEVICE_PARAMETERS_BYTES_MAX: usize = 10 * 1024;
/// Selectors of a request, or of a class.
pub const DEVICE_SELECTORS_MAX: usize = 32;
/// The expression of one.
pub const DEVICE_SELECTOR_BYTES_MAX: usize = 10 * 1024;
/// What one may cost.
pub const DEVICE_SELECTOR_COST_MAX: u64 = 1_000_000;
/// Domains of names of attributes and capacities, and drivers' names.
pub const DEVICE_DOMAIN_BYTES_MAX: usize = 63;
/// Names of attributes and capacities.
pub const DEVICE_IDENTIFIER_BYTES_MAX: usize = 32;
/// Names of pools.
pub const DEVICE_POOL_BYTES_MAX: usize = 253;
/// Devices of a slice.
pub const DEVICES_MAX: usize = 128;
/// Devices of a slice of which some have taints or take from counters.
pub const DEVICES_WITH_MORE_MAX: usize = 64;
/// Sets of counters of a slice.
pub const DEVICE_COUNTER_SETS_MAX: usize = 8;
/// Counters of a set, and those that a device takes from.
pub const DEVICE_COUNTERS_MAX: usize = 32;
/// Sets of counters that a device takes from.
pub const DEVICE_COUNTER_SETS_USED_MAX: usize = 2;
/// Attributes and capacities of a device, together.
pub const DEVICE_ATTRIBUTES_MAX: usize = 32;
/// The text of an attribute.
pub const DEVICE_VALUE_BYTES_MAX: usize = 64;
/// Amounts that may be asked of a capacity.
pub const DEVICE_CAPACITY_OPTIONS_MAX: usize = 10;
/// Taints of a device.
pub const DEVICE_TAINTS_MAX: usize = 16;
/// Conditions that binding waits for, and those that end the wait.
pub const DEVICE_BINDING_CONDITIONS_MAX: usize = 4;
/// Consumers that a claim is reserved for.
pub const DEVICE_RESERVATIONS_MAX: usize = 256;
/// Devices of an allocation.
pub const DEVICE_RESULTS_MAX: usize = 32;
/// Conditions of an allocated device.
pub const DEVICE_CONDITIONS_MAX: usize = 8;
/// What a driver says of an allocated device.
pub const DEVICE_DATA_BYTES_MAX: usize = 10 * 1024;
/// The name of a device's network interface.
pub const DEVICE_INTERFACE_BYTES_MAX: usize = 256;
/// The hardware address of a device's network interface.
pub const DEVICE_HARDWARE_ADDRESS_BYTES_MAX: usize = 128;
/// The addresses of a device's network interface.
pub const DEVICE_ADDRESSES_MAX: usize = 16;
/// Pods of a namespace that are judged when its PodSecurity level becomes stricter, as in the reference.
pub const POD_SECURITY_PODS_MAX: usize = 3_000;
/// How many of them are judged before others have a turn.
pub const POD_SECURITY_STEP: usize = 16;
/// How long a namespace's pods are looked through, as in the reference.
pub const POD_SECURITY_TIME_MAX: Duration = Duration::from_secs(1);
/// How many namespaces, users or objects an event rate limit tells apart, whatever its configuration says.
pub const EVENT_RATE_KEYS_MAX: usize = 65_536;
/// How long the image policy webhook may take, all tries together. The reference allows as much for one.
pub const IMAGE_REVIEW_TIMEOUT: Duration = Duration::from_secs(30);
/// Its answers that are remembered, as in the reference.
pub const IMAGE_REVIEWS_MAX: usize = 1_024;
/// What is asked and answered, together; what is longer is not remembered.
pub const IMAGE_REVIEW_BYTES_MAX: usize = 16 * 1024;
