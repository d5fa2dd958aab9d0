//! Every limit of expressions. Those of the reference have its numbers.

/// An expression, in code points.
pub const EXPRESSION_CHARS_MAX: usize = 100_000;
/// Nesting of an expression.
pub const DEPTH_MAX: u32 = 250;
/// Depth of the tree that an expression becomes; macros make it deeper than the text is. Everything goes down a tree by recursion.
pub const TREE_DEPTH_MAX: u32 = 300;
/// Errors that are told of one expression.
pub const ISSUES_MAX: usize = 100;
/// The text of all of them: once it is as long as this, the rest is left out. Each shows the whole line that it is in.
pub const ISSUES_BYTES_MAX: usize = 32 * 1024;
/// Nodes that are made of a text, those among them that macros copy (`optMap` copies what it is applied to).
pub const NODES_MAX: u32 = 200_000;
/// What one evaluation may cost where the reference sets one limit per call.
pub const CALL_COST_MAX: u64 = 1_000_000;
/// Program of a regular expression that an expression brings, in bytes.
pub const REGEX_BYTES_MAX: usize = 256 * 1024;
/// Text that one call makes, whatever it costs.
pub const TEXT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Values that an expression puts together in one, at any depth. Parts are shared: making such a value costs next to nothing.
pub const VALUES_MAX: u64 = 1_000_000;
/// Steps of one comparison, each of two values or a KiB of texts. They cost more than a call may.
pub const COMPARISON_STEPS_MAX: u64 = 25_000_000;
/// Compiled patterns that one evaluation keeps, of those that it made.
pub const PATTERNS_KEPT_MAX: usize = 16;
/// Types within a type, at any depth.
pub const TYPE_PARTS_MAX: usize = 1_000;
/// Types that one check makes of others. Each node has a type: without it, all of them could be large.
pub const TYPE_PARTS_MADE_MAX: u64 = 1_000_000;
/// A dotted name that is looked for as a whole (`net.IP`). Longer chains are selections.
pub const QUALIFIED_NAME_BYTES_MAX: usize = 256;
