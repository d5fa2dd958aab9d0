//! Who makes a request and whether they may: users, the authenticators that find them, the authorizers that decide, audit.
//! It knows no HTTP server and no store; `serve` gives it certificates and headers, the binary feeds it objects.

mod access;
pub mod audit;
pub mod authenticate;
pub mod authorize;
pub mod cache;
pub mod certificate;
pub mod client;
mod expressions;
pub mod impersonate;
pub mod jwt;
pub mod limits;
pub mod metrics;
pub mod objects;
pub mod review;
pub mod tokens;
mod user;

pub use access::Access;
pub use expressions::user_type;
pub use user::User;

/// A list of texts as Go prints it with `%q`.
fn go_list(texts: &[smol_str::SmolStr]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", texts.join(" "))
}
