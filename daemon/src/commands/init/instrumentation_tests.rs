//! Instrumentation files as apps have them, before and after.

use super::*;

fn extended(text: &str) -> Result<Option<String>, ByHand> {
    let change = extend(PathBuf::from("instrumentation.ts"), text, Entry::Register, Some("shop"))?;
    Ok(change.map(|change| change.after))
}

/// As it becomes; a second time nothing is done.
fn after(text: &str) -> String {
    let after = extended(text).unwrap().unwrap();
    assert_eq!(extended(&after).unwrap(), None, "a second time: {after}");
    assert!(Source::read(&after).is_ok(), "{after}");
    after
}

#[test]
fn a_function_of_any_usual_form_gets_the_call_first_and_the_import_last() {
    assert_eq!(
        after(
            "import { registerOTel } from '@vercel/otel'\n\nexport function register() {\n  registerOTel('shop')\n}\n"
        ),
        "import { registerOTel } from '@vercel/otel'\nimport { register as pointsman } from '@pointsman/nextjs/register'\n\n\
         export function register() {\n  void pointsman({ serviceName: 'shop' })\n  registerOTel('shop')\n}\n"
    );
    assert_eq!(
        after(
            "import * as Sentry from \"@sentry/nextjs\";\n\nexport async function register() {\n\tif \
             (process.env.NEXT_RUNTIME !== \"nodejs\") {\n\t\treturn;\n\t}\n\tawait import(\"./sentry.server.config\");\n}\n\n\
             export const onRequestError = Sentry.captureRequestError;\n"
        ),
        "import * as Sentry from \"@sentry/nextjs\";\nimport { register as pointsman } from \"@pointsman/nextjs/register\";\n\n\
         export async function register() {\n\tawait pointsman({ serviceName: \"shop\" });\n\tif (process.env.NEXT_RUNTIME !== \
         \"nodejs\") {\n\t\treturn;\n\t}\n\tawait import(\"./sentry.server.config\");\n}\n\nexport const onRequestError = \
         Sentry.captureRequestError;\n"
    );
    for (before, call) in [
        (
            "export const register = async (): Promise<void> => {\n  a()\n}\n",
            "=> {\n  await pointsman({ serviceName: 'shop' })\n  a()",
        ),
        (
            "export const register: () => void = () => {\n  a()\n}\n",
            "=> {\n  void pointsman({ serviceName: 'shop' })\n  a()",
        ),
        ("export const register = function () { a() }\n", "{ void pointsman({ serviceName: 'shop' }); a() }"),
        ("export function register() { a() }\n", "{ void pointsman({ serviceName: 'shop' }); a() }"),
        (
            "export function register() {\n  (async () => {})()\n}\n",
            "{\n  void pointsman({ serviceName: 'shop' });\n  (async",
        ),
        ("export async function register() {}\n", "{\n  await pointsman({ serviceName: 'shop' })\n}"),
        ("export function register() {\n}\n", "{\n  void pointsman({ serviceName: 'shop' })\n}"),
        (
            "function register() {\n  a()\n}\nexport { register }\n",
            "{\n  void pointsman({ serviceName: 'shop' })\n  a()",
        ),
        (
            "// mine\nexport function register(): void { // here\n    a()\n}\n",
            "{ // here\n    void pointsman({ serviceName: 'shop' })\n    a()",
        ),
    ] {
        let after = after(before);
        assert!(after.contains(call), "{after}");
        assert_eq!(after.matches("import { register as pointsman }").count(), 1, "{after}");
    }
}

#[test]
fn line_ends_and_directives_stay_as_they_are() {
    let after = after("'use strict'\r\nexport function register() {\r\n  a()\r\n}\r\n");
    assert!(after.starts_with("'use strict'\r\nimport { register as pointsman }"), "{after}");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after:?}");
}

#[test]
fn a_file_without_a_register_gets_one() {
    let after = after("export const onRequestError = () => {}\n");
    assert!(
        after.ends_with(
            "{}\n\nexport function register() {\n  return pointsman({ serviceName: 'shop' })\n}\n"
        ),
        "{after}"
    );
}

#[test]
fn what_is_not_understood_is_left_to_a_person() {
    for text in [
        "export function register( {\n  a()\n}\n",
        "export function register() {\n  a('\n}\n",
        "export { register } from './node'\n",
        "module.exports = {}\n",
        "module.exports.register = function () {}\n",
        "export const register = wrap(() => {})\n",
        "export const register = () => a()\n",
        "function register() {}\n",
        "import { register } from './other'\n",
        "export * from './register'\nexport const register = once\n",
    ] {
        assert!(extended(text).is_err(), "{text}: {:?}", extended(text));
    }
}

#[test]
fn an_old_sdk_is_followed_by_observe_next() {
    let file = PathBuf::from("instrumentation.ts");
    let text = "import { NodeSDK } from '@opentelemetry/sdk-node'\n\nexport function register() {\n  const sdk = new NodeSDK()\n  \
                sdk.start()\n  other()\n}\n";
    let change = extend(file.clone(), text, Entry::Observe, None).unwrap().unwrap();
    assert!(change.after.contains("  sdk.start()\n  observeNext()\n  other()\n"), "{}", change.after);
    assert!(change.after.contains("import { observeNext } from '@pointsman/nextjs'\n"), "{}", change.after);
    let elsewhere = "export async function register() {\n  await import('./node')\n}\n";
    assert!(extend(file, elsewhere, Entry::Observe, None).is_err());
}

#[test]
fn a_name_with_quotes_stays_a_text() {
    let created = create(Path::new("/app"), true, Some("it's"));
    assert!(created.after.contains("serviceName: 'it\\'s'"), "{}", created.after);
    assert!(Source::read(&created.after).is_ok());
}
