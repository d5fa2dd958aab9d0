//! Flags about what may change or refuse writes.

use std::path::PathBuf;

use clap::Args;

/// Which admission plugins are on, and what they are configured with.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Admission")]
pub struct Admission {
    /// Admission plugins that are on beside those that are by default, separated by commas; the order does not matter
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub enable_admission_plugins: Vec<String>,
    /// Admission plugins that are off though they are on by default, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub disable_admission_plugins: Vec<String>,
    /// What admission plugins are configured with (YAML, AdmissionConfiguration)
    #[arg(long, value_name = "FILE")]
    pub admission_control_config_file: Option<PathBuf>,
}
