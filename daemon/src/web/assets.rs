//! Style sheets and the script, as they stand in `daemon/assets`. Their names carry a digest of what they hold, so that
//! browsers may keep them for ever and still get the new ones of a new version.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use pointsman_store::hex;
use sha2::{Digest, Sha256};

use super::Web;

/// A file that pages name.
pub(super) struct Asset {
    text: &'static str,
    kind: &'static str,
    pub(super) path: String,
}

/// How all pages look.
pub(super) static PAGE_STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let style = concat!(include_str!("../../assets/design.css"), include_str!("../../assets/page.css"));
    Asset::new("page.css", "text/css; charset=utf-8", style)
});
/// How their pictures look.
pub(super) static CHART_STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("chart.css", "text/css; charset=utf-8", include_str!("../../assets/chart.css"))
});
/// What pages do beyond what they are: everything works without it.
pub(super) static PAGE_SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("page.js", "text/javascript; charset=utf-8", include_str!("../../assets/page.js"))
});

impl Asset {
    fn new(name: &str, kind: &'static str, text: &'static str) -> Self {
        let short = hex(&Sha256::digest(text)[..6]);
        let (stem, end) = name.split_once('.').unwrap_or((name, ""));
        Self { text, kind, path: format!("/assets/{stem}-{short}.{end}") }
    }
}

pub(super) fn router() -> Router<Web> {
    [&PAGE_STYLE, &CHART_STYLE, &PAGE_SCRIPT].into_iter().fold(Router::new(), |router, asset| {
        let answer = || async {
            let headers = [
                (header::CONTENT_TYPE, asset.kind),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.text).into_response()
        };
        router.route(&asset.path, get(answer))
    })
}
