//! Which Operation of a Dispatcher a request asked for, as far as its path or the package tells. Only what is shaped like a name
//! from code is taken; whether such an Operation exists is decided when its Handler is admitted.

use std::borrow::Cow;

use pointsman_store::{ANY_ID, HandlerKind, Layer, is_name};

use super::requests::Request;

/// Segments of an Operation's path.
const DEEPEST: usize = 6;
/// Longest Operation, bytes.
const LONGEST: usize = 100;
/// Segments that may stand before the route's own: a base path, a locale.
const PREFIX: usize = 2;

/// The Operation that a request asked a Dispatcher for; `None` where nothing tells, or where it asked for several.
pub(super) fn find(request: &Request<'_>, kind: HandlerKind, route: &str) -> Option<String> {
    let operation = match Layer::of(kind, route)? {
        Layer::Tunnel => None,
        Layer::GraphQl => {
            let named = request.attributes.text("pointsman.graphql.operation")?;
            is_name(named.trim_start_matches('_')).then(|| named.to_owned())
        }
        Layer::Procedures => procedure(&tail(route, request.path.as_deref()?)?),
        Layer::Authentication | Layer::Library | Layer::Router => {
            endpoint(&tail(route, request.path.as_deref()?)?)
        }
    };
    operation.filter(|operation| operation.len() <= LONGEST)
}

/// A procedure's name. Procedures of a batch are joined by commas; one request of several of them is nobody's alone.
fn procedure(tail: &[Cow<'_, str>]) -> Option<String> {
    let (last, before) = tail.split_last()?;
    let mut names = last.split(',');
    let name = names.next()?;
    let one = names.all(|other| other == name) && is_name(name);
    let path = before.iter().all(|segment| is_name(segment));
    (one && path).then(|| before.iter().map(AsRef::as_ref).chain([name]).collect::<Vec<_>>().join("/"))
}

/// The path of an endpoint, in which ids stand for any. A dot is a file's: files are data, not code.
fn endpoint(tail: &[Cow<'_, str>]) -> Option<String> {
    let named = |segment: &Cow<'_, str>| is_name(segment) && !segment.contains('.');
    let first_is_named = tail.first().is_some_and(named);
    let path = tail.iter().map(|segment| {
        if named(segment) { Some(segment.as_ref()) } else { is_id(segment).then_some(ANY_ID) }
    });
    path.collect::<Option<Vec<_>>>().filter(|_| first_is_named).map(|path| path.join("/"))
}

/// Whether a segment certainly names one thing among many: a number, or hex or letters with digits among them.
fn is_id(segment: &str) -> bool {
    let plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain && segment.bytes().any(|byte| byte.is_ascii_digit())
}

/// The segments of a path that the last, dynamic segment of a route stands for.
fn tail<'a>(route: &str, path: &'a str) -> Option<Vec<Cow<'a, str>>> {
    let route: Vec<&str> = route.split('/').filter(|segment| !segment.is_empty()).collect();
    let path: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (last, mount) = route.split_last().filter(|(last, _)| last.starts_with('['))?;
    let many = last.starts_with("[...") || last.starts_with("[[...");
    let fits = |(pattern, segment): (&&str, &&str)| pattern.starts_with('[') || pattern == segment;
    let offset = (0..=PREFIX).find(|offset| {
        let rest = path.get(*offset..).unwrap_or_default();
        rest.len() > mount.len() && mount.iter().zip(rest).all(fits)
    })?;
    let tail = path.get(offset + mount.len()..)?;
    let length = if many { DEEPEST } else { 1 };
    (tail.len() <= length).then(|| tail.iter().map(|segment| decoded(segment)).collect())
}

/// Some clients escape the comma between the procedures of a batch.
fn decoded(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        Cow::Owned(segment.replace("%2C", ",").replace("%2c", ",").replace("%2E", ".").replace("%2e", "."))
    } else {
        Cow::Borrowed(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(route: &str, path: &str) -> Option<String> {
        let tail = tail(route, path)?;
        if route.contains("rpc") { procedure(&tail) } else { endpoint(&tail) }
    }

    #[test]
    fn an_operation_is_what_the_last_segment_stands_for() {
        for (route, path, operation) in [
            ("/api/trpc/[trpc]", "/api/trpc/task.move", Some("task.move")),
            ("/api/trpc/[trpc]", "/docs/api/trpc/task.move", Some("task.move")),
            ("/rpc/[[...rest]]", "/rpc/planet/list", Some("planet/list")),
            ("/api/[[...route]]", "/api/users/42/posts", Some("users/:id/posts")),
            ("/api/auth/[...all]", "/api/auth/sign-in/email", Some("sign-in/email")),
            ("/api/auth/[...nextauth]", "/api/auth/session", Some("session")),
            ("/[tenant]/api/[...route]", "/acme/api/cart", Some("cart")),
            ("/api/[[...route]]", "/api", None),
            ("/api/[[...route]]", "/backend/cart", None),
            ("/api/cart", "/api/cart", None),
        ] {
            assert_eq!(of(route, path).as_deref(), operation, "{path}");
        }
    }

    #[test]
    fn a_batch_of_several_procedures_is_nobodys_alone() {
        let of = |path| of("/api/trpc/[trpc]", path);
        assert_eq!(of("/api/trpc/task.move,task.list"), None);
        assert_eq!(of("/api/trpc/task.move%2Ctask.list"), None);
        assert_eq!(
            of("/api/trpc/task.get,task.get,task.get").as_deref(),
            Some("task.get"),
            "the same one for several things"
        );
    }

    #[test]
    fn nothing_that_names_a_person_or_a_thing_is_an_operation() {
        for path in [
            "/api/ada@example.com",
            "/api/users/ada@example.com",
            "/api/42",
            "/api/7d84f1c2-0000-4000-8000-000000000000",
            "/api/files/report.pdf",
            "/api/%ff",
            "/api/users/%D0%B0",
            "/api/a/b/c/d/e/f/g",
        ] {
            assert_eq!(of("/api/[[...route]]", path), None, "{path}");
        }
        assert_eq!(of("/api/trpc/[trpc]", "/api/trpc/42"), None);
        assert_eq!(of("/api/trpc/[trpc]", "/api/trpc/a,7d84f1c2deadbeef"), None);
    }
}
