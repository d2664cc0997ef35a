//! Which cookie of a request stands for a session: one browser of one person, also where many share an address. Only the
//! daily key of its value is ever kept. `@pointsman/nextjs` chooses by the same names.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Names under which frameworks keep sessions, without the prefixes `__Secure-` and `__Host-`.
const NAMES: [&str; 16] = [
    "sid",
    "session",
    "sessionid",
    "session_id",
    "sessid",
    "connect.sid",
    "JSESSIONID",
    "PHPSESSID",
    "next-auth.session-token",
    "authjs.session-token",
    "__session",
    "iron-session",
    "better-auth.session_token",
    "auth_session",
    "ory_kratos_session",
    "laravel_session",
];

/// What is left in a cookie whose session has ended: nobody's, and the same for all.
const ENDED: [&str; 5] = ["", "\"\"", "deleted", "null", "undefined"];

/// The value that stands for the session in a `cookie` header, of the first cookie that has a known name.
pub(super) fn of(cookies: &str) -> Option<Cow<'_, str>> {
    cookies.split(';').find_map(|cookie| {
        let (name, value) = cookie.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        (is_known(name) && !ENDED.contains(&value)).then(|| stable(name, value))
    })
}

fn is_known(name: &str) -> bool {
    let bare = name.strip_prefix("__Secure-").or_else(|| name.strip_prefix("__Host-")).unwrap_or(name);
    // Auth.js cuts a long token into cookies `.0`, `.1`, ...: the first is enough.
    let bare = bare.strip_suffix(".0").unwrap_or(bare);
    NAMES.contains(&bare) || (bare.starts_with("sb-") && bare.contains("-auth-token"))
}

/// Clerk renews its token every minute; the session's id inside does not change.
fn stable<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let session = || {
        let claims = value.split('.').nth(1).filter(|_| name == "__session" && value.starts_with("eyJ"))?;
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
        claims.get("sid")?.as_str().map(str::to_owned)
    };
    session().map_or(Cow::Borrowed(value), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_by_its_name_and_lasts() {
        let clerk = |claims: &str| format!("__session=eyJh.{}.c", URL_SAFE_NO_PAD.encode(claims));
        let (early, late) = (clerk(r#"{"sid":"sess_1","iat":1}"#), clerk(r#"{"sid":"sess_1","iat":2}"#));
        for (cookies, expected) in [
            ("a=1; sid=two", Some("two")),
            ("connect.sid=s%3A1", Some("s%3A1")),
            ("__Secure-authjs.session-token.0=part", Some("part")),
            ("__Host-session=x", Some("x")),
            ("sb-abc-auth-token=x", Some("x")),
            (&early, Some("sess_1")),
            (&late, Some("sess_1")),
            ("__session=eyJh.%%%.c", Some("eyJh.%%%.c")),
            ("theme=dark; sid2=x", None),
            ("sid", None),
            ("", None),
            // Whoever has logged out is not everyone who has.
            ("sid=", None),
            ("PHPSESSID=deleted; theme=dark", None),
            ("session=; sid=two", Some("two")),
        ] {
            assert_eq!(of(cookies).as_deref(), expected, "{cookies}");
        }
    }
}
