//! `minsheng openapi`: the API's description.

use super::{Done, output};

pub(super) fn run() -> Done {
    Ok(output::line(serde_json::to_string_pretty(&crate::web::openapi())?)?)
}
