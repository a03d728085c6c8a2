//! What a running server gives up, as far as the kernel has it.

use api::PostureItem;

use super::super::{Config, Restrict};
use super::Subject;

const RESTRICTION: Subject =
    Subject::new("restriction", "A running server gives up the rights it does not need");
const KERNEL: Subject =
    Subject::new("restriction_kernel", "The kernel can take from the server what must be taken");

/// In a server that is up: what is in force; before: what will be.
pub(super) fn of_the_server(config: &Config) -> PostureItem {
    if config.server.restrict == Restrict::Off {
        return RESTRICTION.warned(
            "server.restrict is `off`: whoever breaks in may run programs and read what our user may",
            "take it out, or set it to `auto`",
        );
    }
    match confine::in_force() {
        Some(extent) => RESTRICTION.passed(format!("in force: {extent}")),
        None => RESTRICTION.passed(format!("from the start on: {}", confine::kernel())),
    }
}

/// Only who insists is refused.
pub(super) fn of_the_kernel(config: &Config) -> Option<PostureItem> {
    if config.server.restrict != Restrict::Required {
        return None;
    }
    let extent = confine::in_force().unwrap_or_else(confine::kernel);
    Some(required(extent))
}

fn required(extent: confine::Extent) -> PostureItem {
    if extent.is_whole() {
        return KERNEL.passed(extent.to_string());
    }
    KERNEL.refused(
        format!("server.restrict is `required`, and this kernel restricts {extent}"),
        "use a kernel from 6.12 on with Landlock, or set server.restrict to `auto`",
    )
}

#[cfg(test)]
mod tests {
    use api::Verdict;
    use confine::Extent;

    use super::*;

    #[test]
    fn who_insists_is_refused_by_a_kernel_that_has_less() {
        let verdict = |landlock, calls| required(Extent { landlock, calls }).verdict;
        assert_eq!(verdict(6, true), Verdict::Pass);
        assert_eq!(verdict(5, true), Verdict::Fail);
        assert_eq!(verdict(6, false), Verdict::Fail);
        assert_eq!(of_the_kernel(&Config::default()).map(|item| item.id), None);
        let mut config = Config::default();
        config.server.restrict = Restrict::Required;
        assert_eq!(of_the_kernel(&config).map(|item| item.id), Some("restriction_kernel"));
    }

    #[test]
    fn before_the_start_it_says_what_will_be() {
        let item = of_the_server(&Config::default());
        assert_eq!(item.verdict, Verdict::Pass);
        assert!(item.detail.starts_with("from the start on: "), "{}", item.detail);
    }
}
