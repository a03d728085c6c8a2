//! The filters the tests go through.

use crate::oracle::FilterSpec;

/// Every operator, both levels, values not set, letters that mean something elsewhere, several at once.
pub fn all() -> Vec<Vec<FilterSpec>> {
    vec![
        vec![],
        vec![("is", "source", vec!["Google"])],
        vec![("is", "source", vec!["", "Bing"])],
        vec![("is_not", "source", vec!["Google"])],
        vec![("is_not", "source", vec![""])],
        vec![("contains", "source", vec!["oo", "in"])],
        vec![("contains_not", "source", vec!["oo"])],
        vec![("contains", "utm_source", vec!["%_"])],
        vec![("is", "browser_version", vec!["Chrome 1.0", ""])],
        vec![("is", "city", vec!["Köln"])],
        vec![("is", "page", vec!["/a"])],
        vec![("is_not", "page", vec!["/a", "/"])],
        vec![("contains", "page", vec!["%"])],
        vec![("contains_not", "page", vec!["/b"])],
        vec![("is", "event", vec!["Signup"])],
        vec![("is_not", "event", vec!["pageview"])],
        vec![("is", "hostname", vec!["www.a.example"])],
        vec![("is", "entry_page", vec!["/"])],
        vec![("is_not", "exit_page", vec!["/a"]), ("is", "device", vec!["Mobile"])],
        vec![("is", "page", vec!["/a"]), ("is", "event", vec!["Signup"])],
        vec![
            ("is", "page", vec!["/", "/A"]),
            ("is", "country", vec!["DE", ""]),
            ("is_not", "entry_page", vec!["/b/c"]),
        ],
        vec![("is", "country", vec!["XX"])],
    ]
}

pub fn json(filters: &[FilterSpec]) -> Option<String> {
    (!filters.is_empty()).then(|| serde_json::to_string(filters).unwrap())
}
