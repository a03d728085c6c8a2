//! The class of a viewport's width.

/// Upper bounds and names, narrow to wide. The bounds are those at which layouts usually change.
const CLASSES: &[(u32, &str)] = &[
    (575, "0-575"),
    (767, "576-767"),
    (991, "768-991"),
    (1439, "992-1439"),
    (1919, "1440-1919"),
    (u32::MAX, "1920+"),
];

/// The class a width in CSS pixels belongs to; a width of 0 is a page nobody sees and has none.
pub(crate) fn width_class(width: u32) -> Option<&'static str> {
    if width == 0 {
        return None;
    }
    CLASSES.iter().find(|(most, _)| width <= *most).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_has_the_class_its_name_says() {
        assert_eq!(width_class(0), None);
        for width in 1..3000 {
            let class = width_class(width).unwrap();
            let (least, most) = match class.strip_suffix('+') {
                Some(least) => (least.parse().unwrap(), u32::MAX),
                None => {
                    let (least, most) = class.split_once('-').unwrap();
                    (least.parse().unwrap(), most.parse().unwrap())
                }
            };
            assert!((least..=most).contains(&width), "{width} in {class}");
        }
    }
}
