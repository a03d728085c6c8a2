//! The written forms of the table of options: the sample file and the
//! reference.

use std::fmt::Write as _;

use super::options::{Config, ENTRIES, SECTIONS};

/// A file with every option; what differs from its default is set, the rest stands as a comment.
pub(crate) fn sample(config: &Config) -> String {
    let defaults = Config::default();
    let mut text = "# Shelduck's configuration. Every option can also be set in the environment:\n\
                    # SHELDUCK_SECTION__KEY, for the content of a file SHELDUCK_SECTION__KEY_FILE, for what a command prints\n\
                    # (secrets only) SHELDUCK_SECTION__KEY_COMMAND, or in the credential shelduck.section.key.\n"
        .to_owned();
    for (section, about) in SECTIONS {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n# {about}\n[{section}]\n");
        for entry in ENTRIES {
            let Some(key) =
                entry.path.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'))
            else {
                continue;
            };
            let (value, default) = ((entry.show)(config), (entry.show)(&defaults));
            let mark = if value == default { "# " } else { "" };
            let shown = if entry.secret { String::new() } else { value };
            let _ =
                writeln!(text, "# {}\n{mark}{key} = {}", entry.doc, quoted(&shown, entry.shape));
        }
    }
    text
}

/// All options for people: path, default, meaning.
pub(crate) fn reference() -> String {
    let defaults = Config::default();
    let mut text = String::new();
    for (section, about) in SECTIONS {
        let _ = writeln!(text, "[{section}]  {about}");
        for entry in ENTRIES.iter().filter(|entry| entry.path.split('.').next() == Some(section)) {
            let default = (entry.show)(&defaults);
            let default = if default.is_empty() { "not set".to_owned() } else { default };
            let _ = writeln!(
                text,
                "  {}  (default: {default}; {})\n      {}",
                entry.path, entry.shape, entry.doc
            );
        }
        text.push('\n');
    }
    text
}

fn quoted(value: &str, shape: &str) -> String {
    match shape {
        "a whole number" | "true or false" => value.to_owned(),
        list if list.starts_with("a list") => {
            let items: Vec<String> = value
                .split(", ")
                .filter(|item| !item.is_empty())
                .map(|item| format!("\"{item}\""))
                .collect();
            format!("[{}]", items.join(", "))
        }
        _ => format!("\"{value}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    #[test]
    fn the_sample_reads_back_as_what_it_was_made_from() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.data_dir = "/srv/shelduck".into();
        config.limits.read = 7;
        config.cors.api_origins = vec!["https://a.example".into(), "https://b.example".into()];
        let path = dir.path().join("shelduck.toml");
        // Every option is switched on, so that each line is proved to be readable.
        let all_on: String = sample(&config)
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n");
        std::fs::write(&path, all_on).unwrap();
        let loaded = load(Some(&path), std::iter::empty());
        assert_eq!(loaded.problems, []);
        assert_eq!(sample(&loaded.config), sample(&config));
    }

    #[test]
    fn the_reference_names_every_option() {
        let text = reference();
        for entry in ENTRIES {
            assert!(text.contains(entry.path), "{}", entry.path);
        }
    }
}
