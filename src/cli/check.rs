//! `minsheng check`: every problem of configuration and dictionaries at once.

use super::{Done, Failure, Places, output, today};
use crate::config::{self, Fault};

/// Read configuration and dictionaries and name every problem in them.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  minsheng check --config /etc/minsheng --dictionaries /etc/minsheng/dictionaries"
)]
pub(super) struct Check {
    /// Write the findings as JSON lines.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, places: &Places) -> Done {
        match config::load(&places.directories(), today()) {
            Ok(loaded) => {
                self.show(&loaded.warnings)?;
                if !self.json {
                    output::line(format!(
                        "{} sources, {} rules, {} receivers, {} dictionary rows (version {}): {}",
                        loaded.sources.len(),
                        loaded.rules.rules().len(),
                        loaded.receivers.iter().count(),
                        loaded.lexicon.rows().len(),
                        loaded.lexicon.version(),
                        match loaded.warnings.len() {
                            0 => "no problems".to_owned(),
                            count => format!("{count} warnings"),
                        },
                    ))?;
                }
                Ok(())
            }
            Err(faults) if self.json => {
                self.show(&faults)?;
                Err(Failure::Usage(format!("{} problems", faults.len())))
            }
            Err(faults) => Err(Failure::Faults(faults)),
        }
    }

    fn show(&self, faults: &[Fault]) -> std::io::Result<()> {
        for fault in faults {
            if self.json {
                output::json(fault)?;
            } else {
                output::complain(&fault.to_string());
            }
        }
        Ok(())
    }
}
