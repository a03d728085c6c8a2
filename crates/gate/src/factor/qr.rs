//! A text as a QR code, drawn here so that no secret travels to another host.

use qrcode::render::svg::Color;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

/// Width and height of one module.
const MODULE: u32 = 4;

/// The code as SVG: one `rect` for the ground and one `path` for the modules, styled by attributes alone.
pub(crate) fn svg(text: &str) -> Result<Zeroizing<String>, QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let drawn = code
        .render::<Color<'_>>()
        .module_dimensions(MODULE, MODULE)
        .dark_color(Color("#000"))
        .light_color(Color("#fff"))
        .build();
    let drawn = Zeroizing::new(drawn);
    // A document's declaration has no place inside a page.
    let plain = drawn.find("<svg").and_then(|begin| drawn.get(begin..));
    Ok(Zeroizing::new(plain.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_is_shapes_and_attributes_and_nothing_else() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let drawn = svg(&format!("otpauth://totp/Shelduck:ada?secret={secret}")).unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>"), "{}", *drawn);
        let elements: Vec<&str> = drawn
            .split('<')
            .filter_map(|part| part.split([' ', '>', '/']).find(|word| !word.is_empty()))
            .collect();
        assert_eq!(elements, ["svg", "rect", "path", "svg"]);
        for word in ["style", "script", "href", "url(", "<?", "otpauth", secret] {
            assert!(!drawn.contains(word), "{word}");
        }
        assert_eq!(drawn.matches("http").count(), 1, "only the name space: {}", *drawn);
    }

    #[test]
    fn a_text_too_long_is_an_error() {
        assert!(svg(&"x".repeat(4_000)).is_err());
    }
}
