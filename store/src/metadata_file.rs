//! Files that Next.js serves by convention (`sitemap.ts`, `opengraph-image.tsx`): route handlers by their kind, but nobody's API.

/// Names of the conventions, without extension and without what Next.js appends.
const NAMES: [&str; 8] =
    ["favicon", "robots", "sitemap", "manifest", "icon", "apple-icon", "opengraph-image", "twitter-image"];

/// Extensions that they are served under.
const EXTENSIONS: [&str; 11] =
    ["ico", "txt", "xml", "webmanifest", "json", "png", "jpg", "jpeg", "gif", "svg", "webp"];

/// Whether a route is one of Next.js's metadata files.
pub(crate) fn is_metadata_file(route: &str) -> bool {
    let segments: Vec<&str> = route.split('/').filter(|segment| !segment.is_empty()).collect();
    // One of several is behind its convention: `/sitemap/[__metadata_id__]`, `/blog/opengraph-image/3.png`.
    match segments.as_slice() {
        [.., before, last] if last.starts_with("[__metadata_id__]") => NAMES.contains(before),
        [] | [.., "api", _] => false,
        [.., last] => is_named(last) && !segments.contains(&"api"),
    }
}

fn is_named(segment: &str) -> bool {
    let (stem, extension) = segment.rsplit_once('.').map_or((segment, None), |(stem, end)| (stem, Some(end)));
    let known = extension.is_none_or(|extension| EXTENSIONS.contains(&extension));
    // Favicons, robots and manifests always have an extension; a route handler `/icon` or `/manifest` may be anybody's.
    let convention = NAMES.into_iter().find(|name| {
        stem.strip_prefix(name).is_some_and(|rest| rest.is_empty() || is_suffix(rest, extension.is_some()))
    });
    let by_itself = matches!(convention, Some("opengraph-image" | "twitter-image" | "apple-icon"));
    known && (by_itself || (convention.is_some() && extension.is_some()))
}

/// What Next.js appends to a name: a hash in a group of routes, or a number.
fn is_suffix(rest: &str, numbered: bool) -> bool {
    let hash = rest.strip_prefix('-').is_some_and(|hash| {
        (1..=8).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    hash || (numbered && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_files_are_told_from_routes() {
        for route in [
            "/favicon.ico",
            "/robots.txt",
            "/sitemap.xml",
            "/manifest.webmanifest",
            "/icon.png",
            "/icon1.svg",
            "/blog/[slug]/opengraph-image",
            "/(shop)/opengraph-image-1x2y3z",
            "/twitter-image.jpg",
            "/products/sitemap/[__metadata_id__]",
        ] {
            assert!(is_metadata_file(route), "{route}");
        }
        for route in [
            "/",
            "/api/icon.png",
            "/api/cart",
            "/manifest",
            "/icons",
            "/icon",
            "/feed.xml",
            "/api/opengraph-image",
        ] {
            assert!(!is_metadata_file(route), "{route}");
        }
    }
}
