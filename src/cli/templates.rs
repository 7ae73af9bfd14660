//! `minsheng templates`: the words of mails and messages to groups, to begin with and as they come out.

use super::{Done, Failure, Places, output, today};
use crate::config;
use crate::notify::Part;

/// Show and try the words of messages.
#[derive(clap::Subcommand)]
pub(super) enum Templates {
    /// Write our own template, to begin with
    #[command(
        after_help = "Example:\n  minsheng templates show mail.txt > config/templates/mail.txt\n\nThe templates are mail.txt, mail.html, chat.txt, digest.txt and digest.html."
    )]
    Show {
        /// Which: mail.txt, mail.html, chat.txt, digest.txt or digest.html.
        #[arg(value_parser = part)]
        name: Part,
    },
    /// Write the text as it comes out for a sample, with the office's own template if there is one
    #[command(after_help = "Example:\n  minsheng templates preview mail.html > preview.html")]
    Preview {
        /// Which: mail.txt, mail.html, chat.txt, digest.txt or digest.html.
        #[arg(value_parser = part)]
        name: Part,
    },
}

fn part(name: &str) -> Result<Part, String> {
    let names = Part::ALL.map(Part::file);
    Part::from_file(name).ok_or_else(|| format!("the templates are {}", names.join(", ")))
}

impl Templates {
    pub(super) fn run(&self, places: &Places) -> Done {
        match self {
            Self::Show { name } => Ok(output::bytes(name.ours().as_bytes())?),
            Self::Preview { name } => {
                let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
                let text = loaded.receivers.wording.preview(*name);
                let text = text.map_err(|fault| Failure::Usage(format!("{}: {fault}", name.file())))?;
                Ok(output::line(text)?)
            }
        }
    }
}
