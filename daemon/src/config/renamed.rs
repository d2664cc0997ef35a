//! Keys that have new names. The old ones go on working, in the file and in the environment; each one that is used is reported
//! with the new one. The old names of flags are hidden flags (`cli`).

/// Old keys and their new names.
const RENAMED: [(&str, &str); 12] = [
    ("serve.advise_every_s", "serve.advice_interval_s"),
    ("serve.stop_within_s", "serve.shutdown_timeout_s"),
    ("otlp.idle_s", "otlp.idle_timeout_s"),
    ("otlp.keepalive_s", "otlp.keepalive_interval_s"),
    ("otlp.max_all_handlers", "otlp.max_total_handlers"),
    ("pages.let_anyone_in", "pages.allow_anonymous"),
    ("pages.idle_s", "pages.idle_timeout_s"),
    ("pages.answer_timeout_s", "pages.response_timeout_s"),
    ("pages.answers_bytes", "pages.response_buffer_bytes"),
    ("retention.every_s", "retention.interval_s"),
    ("retention.check_every", "retention.check_interval"),
    ("reports.link", "reports.pages_url"),
];

/// What a flag with an old name is called now.
pub(super) const OLD_FLAG: &str = "--let-anyone-in (POINTSMAN_LET_ANYONE_IN) was renamed to --allow-anonymous (POINTSMAN_ALLOW_ANONYMOUS); \
     the old name still works";

/// The new path of a key with an old name.
pub(super) fn new_path(path: &[String]) -> Option<Vec<String>> {
    let old = path.join(".");
    let (_, new) = RENAMED.iter().find(|(known, _)| *known == old)?;
    Some(new.split('.').map(str::to_owned).collect())
}

/// What to say of an old name, as it was written, and the new one.
pub(super) fn warning(old: &str, new: &str) -> String {
    format!("{old} was renamed to {new}; the old name still works")
}

#[cfg(test)]
mod tests {
    use toml::Value;

    use super::super::environment::overrides;
    use super::super::{Config, leaves, nested, parse};
    use super::*;

    #[test]
    fn each_old_key_sets_the_new_one_and_is_reported() {
        let defaults = leaves(&[], toml::Table::try_from(Config::default()).unwrap());
        for (old, new) in RENAMED {
            let keys: Vec<String> = new.split('.').map(str::to_owned).collect();
            let default = defaults.iter().find(|(path, _)| *path == keys).map(|(_, value)| value);
            let other = match default {
                Some(Value::Boolean(_)) => "true",
                Some(Value::Integer(_)) => "70000",
                Some(_) => "\"3d\"",
                None => "\"https://pointsman.example.com\"",
            };
            let (section, key) = old.split_once('.').unwrap();
            let (config, faults) = parse(&format!("[{section}]\n{key} = {other}\n"), Vec::new());
            assert_eq!(faults, Vec::<String>::new(), "{old}");
            assert_eq!(config.old_names, [warning(old, new)]);
            let value: Value = toml::from_str::<toml::Table>(&format!("it = {other}")).unwrap()["it"].clone();
            let expected: Config = nested(&keys, value).try_into().unwrap();
            assert_eq!(Config { old_names: Vec::new(), ..config }, expected, "{old}");
        }
    }

    #[test]
    fn an_old_key_beside_the_new_one_is_a_fault() {
        let (_, faults) = parse("[serve]\nstop_within_s = 3\nshutdown_timeout_s = 4\n", Vec::new());
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(fault.contains("serve.stop_within_s") && fault.contains("remove it"), "{fault}");
    }

    #[test]
    fn old_names_in_the_environment_work_and_the_new_ones_win() {
        let set = |name: &str, value: &str| (name.into(), value.into());
        let (found, faults) = overrides([set("POINTSMAN_SERVE__STOP_WITHIN_S", "3")]);
        assert_eq!(faults, Vec::<String>::new());
        let (config, _) = parse("[serve]\nshutdown_timeout_s = 9\n", found);
        assert_eq!(config.serve.shutdown_timeout_s, 3);
        let said = "POINTSMAN_SERVE__STOP_WITHIN_S was renamed to POINTSMAN_SERVE__SHUTDOWN_TIMEOUT_S; the old name still works";
        assert_eq!(config.old_names, [said]);
        let (found, _) = overrides([
            set("POINTSMAN_SERVE__SHUTDOWN_TIMEOUT_S", "4"),
            set("POINTSMAN_SERVE__STOP_WITHIN_S", "3"),
        ]);
        assert_eq!(parse("", found).0.serve.shutdown_timeout_s, 4);
    }
}
