//! Static files, from the binary, under names that change with their content so that browsers keep them.

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::Problem;

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Embedded;

/// The address of a file, with its hash in it.
pub(super) fn address(file: &str) -> String {
    format!("/assets/{}", published_name(file).unwrap_or_else(|| file.to_owned()))
}

fn published_name(file: &str) -> Option<String> {
    let hash = Embedded::get(file)?.metadata.sha256_hash();
    let (stem, extension) = file.rsplit_once('.')?;
    let number = hash[..6].iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let hex = format!("{number:012x}");
    Some(format!("{stem}.{hex}.{extension}"))
}

/// The file of a published name, if the hash in it is the file's.
fn published(name: &str) -> Option<(String, EmbeddedFile)> {
    let (rest, extension) = name.rsplit_once('.')?;
    let (stem, _hash) = rest.rsplit_once('.')?;
    let file = format!("{stem}.{extension}");
    let found = Embedded::get(&file)?;
    (published_name(&file)? == name).then_some((file, found))
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some((path, content)) = published(&name) else {
        return Problem::not_found().into_response();
    };
    let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some(_) | None => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, content.data).into_response()
}
