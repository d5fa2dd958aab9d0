//! Asks a server on this machine whether it is well, for images that have no other program that could.

use auth::client::{self, Client, Trust, read_file};

use crate::completed::data_dir;
use crate::config::own_files;
use crate::error::Error;
use crate::options;

/// Ends well if the server says that it is.
pub async fn run(options: options::Probe) -> Result<(), Error> {
    serve::tls::install_provider();
    let authority = match &options.certificate_authority {
        Some(path) => path.clone(),
        None => own_files(&data_dir(options.data_dir.as_deref())?, None).ca_certificate,
    };
    let url = format!("{}{}", options.server.trim_end_matches('/'), options.path);
    let failed = |error: client::Error| Error::Probe(format!("{url}: {error}"));
    let client = read_file(&authority).and_then(|authorities| {
        Client::new(&Trust {
            authorities: Some(authorities),
            ..Trust::default()
        })
    });
    let client = client.map_err(failed)?;
    let answer = client.get(&url, options.timeout).await;
    answer.map(drop).map_err(failed)
}
