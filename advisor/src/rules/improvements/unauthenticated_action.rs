//! **unauthenticated-action**: an action that writes succeeds for people who are not signed in.
//!
//! Seen: one in a hundred or more of the successful calls of an action that changes something came without a session's cookie and
//! without a token; where telemetry does not distinguish sessions from other cookies, without any cookie.
//! Why: anyone who can POST can call an action; a page behind a login does not protect it. Check the session inside. All versions.
//! Source: Next.js docs, Data Security; pluggedin-app#210, unkey#6062, giselle#2717.
//! Guard: silent where people are meant not to be signed in: sign-in, sign-up, password reset, contact, newsletter, by the words of
//! its name and of its pages, and where the call begins a session. Silent where nobody in the app has a session: then its cookie is
//! not known to telemetry, or there is none. A cookie against forgery is no session. What was refused does not count.
//! Example: `updateProfile(profileUuid, ...)` that trusts its argument.

use pointsman_store::Action;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, part_of};
use super::improvement;
use crate::evidence::Fact;
use crate::profile::{Profile, Seen, Share};

/// Share of calls without a session that begin one, in an action that signs in.
const SIGNS_IN: f64 = 0.5;
/// Share of calls of which something has to be known.
const KNOWN: f64 = 0.99;

/// Words of things that people do before they are signed in. Joined words (`signin`) are found as well as `signIn`.
const BEFORE_SIGN_IN: [&str; 36] = [
    "signin",
    "signup",
    "signout",
    "login",
    "logout",
    "logon",
    "register",
    "registration",
    "authenticate",
    "oauth",
    "sso",
    "saml",
    "otp",
    "magiclink",
    "passkey",
    "webauthn",
    "verifyemail",
    "confirmemail",
    "resendverification",
    "forgot",
    "forgotpassword",
    "resetpassword",
    "passwordreset",
    "recover",
    "contact",
    "contactus",
    "newsletter",
    "subscribe",
    "unsubscribe",
    "waitlist",
    "feedback",
    "captcha",
    "consent",
    "locale",
    "language",
    "theme",
];

pub(in super::super) static RULE: Rule =
    improvement("unauthenticated-action", "check the session in the action", 0.01, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let headers_known =
        profile.share(Fact::HeadersKnown, Fact::Calls).is_some_and(|share| share.observed >= KNOWN);
    let Some(with) = signed_in(profile) else { return Finding::Silent };
    let without = 1.0 - with.observed;
    let harm = harm(profile);
    if !headers_known || without < knobs.threshold || with.samples < knobs.min_samples || harm.is_none() {
        return Finding::Silent;
    }
    if is_meant_to_be_open(profile, without * profile.count(Fact::Succeeded)) {
        return Finding::Silent;
    }
    let text = format!(
        "{} came from people who are not signed in, and {}: check the session inside the action",
        part_of(without, &counted(with.samples, "successful call")),
        harm.unwrap_or_default()
    );
    let interval = crate::stats::Interval { low: 1.0 - with.interval.high, high: 1.0 - with.interval.low };
    let statement = Statement::of_share(with, text, "every call comes with a session".to_owned());
    Finding::Holds(Statement { observed: without, interval, ..statement })
}

/// Share of successful calls that came with a session, or with anything that could be one where nothing tells.
fn signed_in(profile: &Profile) -> Option<Share> {
    if !profile.surroundings.habits.credentials_told {
        return None;
    }
    let told = profile.share(Fact::SucceededSessionsTold, Fact::Succeeded);
    if told.is_some_and(|share| share.observed >= KNOWN) {
        return profile.share(Fact::SucceededSignedIn, Fact::SucceededSessionsTold);
    }
    profile.share(Fact::SucceededWithCredentials, Fact::Succeeded)
}

/// What anybody can do with it; `None` where it may only read.
fn harm(profile: &Profile) -> Option<&'static str> {
    let words = words_of(&name(profile));
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    if has(&["revalidate", "invalidate", "purge"]) {
        return Some("anyone can make the app re-render what it has cached");
    }
    if has(&["cookie", "cookies"]) && has(&["set", "write", "save", "update", "store"]) {
        return Some("anyone can make it write cookies");
    }
    (profile.seen() == Seen::Writes).then_some("it changes data")
}

/// Whether it is what people do before they are signed in, so often without a session.
fn is_meant_to_be_open(profile: &Profile, without: f64) -> bool {
    let begins_session = profile.count(Fact::SessionsBegun) >= without * SIGNS_IN;
    let nobody_has_one = profile.surroundings.others.has_sessions == Some(false);
    let pages = profile.pages.iter().map(|(route, _)| route.as_str()).chain([profile.handler.route.as_str()]);
    let all_pages_are = pages.clone().count() > 0 && pages.clone().all(is_before_sign_in);
    begins_session || nobody_has_one || is_before_sign_in(&name(profile)) || all_pages_are
}

fn name(profile: &Profile) -> String {
    match &profile.handler.action {
        Some(Action::Export { name, .. }) => name.clone(),
        _ => String::new(),
    }
}

/// Whether a name or a path holds one of the words, as one word or as two.
fn is_before_sign_in(text: &str) -> bool {
    let words = words_of(text);
    let pairs = words.windows(2).map(|pair| pair.concat());
    words.iter().cloned().chain(pairs).any(|word| BEFORE_SIGN_IN.contains(&word.as_str()))
}

/// `signInWithEmail` and `/sign-in/email` give their words, in small letters.
fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_is_small = false;
    for letter in text.chars() {
        let begins = letter.is_uppercase() && before_is_small;
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before_is_small = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_before_they_are_signed_in_is_known_by_its_words() {
        for text in [
            "signIn",
            "signin",
            "sign_in",
            "loginWithGoogle",
            "registerUser",
            "requestPasswordReset",
            "forgotPassword",
            "submitContact",
            "subscribeToNewsletter",
            "joinWaitlist",
            "/sign-in",
            "/(auth)/login",
            "/reset-password",
            "/contact-us",
            "setLocale",
        ] {
            assert!(is_before_sign_in(text), "{text}");
        }
        for text in [
            "updateProfile",
            "deleteServer",
            "signDocument",
            "setCookie",
            "/settings",
            "/logs",
            "assignUser",
            "resetBoard",
        ] {
            assert!(!is_before_sign_in(text), "{text}");
        }
    }
}
