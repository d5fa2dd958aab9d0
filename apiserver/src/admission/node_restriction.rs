//! NodeRestriction: what a kubelet may write into the objects that the node authorizer lets it reach. Each function judges
//! trees and answers with the reference's reason to forbid; the plugin reads what else is needed.

pub mod claims;
pub mod nodes;
pub mod pods;
pub mod tokens;
