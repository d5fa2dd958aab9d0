//! Users from a file of static tokens (`--token-auth-file`): lines of `token,user,uid,"group1,group2"`.

use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use std::collections::HashMap;

use crate::User;

/// The most bytes of a token file.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The tokens of a file. A token is kept and looked up by its digest, so that the time of a look-up tells nothing of it.
#[derive(Clone, Debug, Default)]
pub struct StaticTokens {
    users: HashMap<[u8; 32], User>,
}

/// A line that is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} of the token file must have at least 3 columns (token, user name, user uid), found {columns}"
)]
pub struct Error {
    /// Counted from 1.
    pub line: usize,
    /// How many columns it has.
    pub columns: usize,
}

impl StaticTokens {
    /// Reads the text of a token file.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut users = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            let columns = columns(line);
            if line.trim().is_empty() || line.starts_with('#') || columns[0].is_empty() {
                continue;
            }
            let [token, name, uid, rest @ ..] = columns.as_slice() else {
                return Err(Error {
                    line: at + 1,
                    columns: columns.len(),
                });
            };
            let groups = rest
                .first()
                .map(|groups| groups.split(',').filter(|group| !group.is_empty()));
            let user = User {
                name: name.as_str().into(),
                uid: uid.as_str().into(),
                groups: groups.into_iter().flatten().map(SmolStr::new).collect(),
                ..User::default()
            };
            users.insert(digest(token), user.authenticated());
        }
        Ok(Self { users })
    }

    /// The user of a token.
    pub fn user(&self, token: &str) -> Option<&User> {
        self.users.get(&digest(token))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The columns of a line of CSV; quotes keep commas together and are doubled inside.
fn columns(line: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.trim_end_matches('\r').chars().peekable();
    while let Some(char) = chars.next() {
        let column = columns.last_mut().expect("there is always one");
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                column.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => columns.push(String::new()),
            ' ' if !quoted && column.is_empty() => {}
            char => column.push(char),
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_name_users_and_groups() {
        let tokens = StaticTokens::parse("admintoken,admin,u1,\"system:masters,dev\"\nplain,joe,2\n")
            .expect("well formed");
        let admin = tokens.user("admintoken").expect("listed");
        assert_eq!(admin.groups, ["system:masters", "dev", User::AUTHENTICATED]);
        assert_eq!(tokens.user("plain").map(|user| user.uid.as_str()), Some("2"));
        assert!(tokens.user("other").is_none());
    }

    #[test]
    fn short_lines_are_refused() {
        assert_eq!(
            StaticTokens::parse("a,b").err(),
            Some(Error { line: 1, columns: 2 })
        );
    }
}
