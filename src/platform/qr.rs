//! QR codes as pictures and as text.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

use super::error::{Error, Result};

/// Light modules around the code; readers need them.
const MARGIN: i32 = 4;

/// Draws a text as an SVG that fills whatever it is put in.
pub fn svg(text: &str) -> Result<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Error::internal)?;
    let width = code.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let (x, y) = (x + MARGIN, y + MARGIN);
            path.write_fmt(format_args!("M{x} {y}h1v1h-1z")).map_err(Error::internal)?;
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {width}\" \
         shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

/// Draws a text with two modules to a character, for a terminal. Light modules are drawn, dark ones
/// left empty: it is read from a dark background, or with the colours of one set around each line.
pub fn text(text: &str) -> Result<Vec<String>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).map_err(Error::internal)?;
    let places = -MARGIN..code.size() + MARGIN;
    let line = |y: i32| {
        let half = |x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        places.clone().map(half).collect()
    };
    Ok(places.clone().step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_light_margin() {
        let picture = svg("holdfast").unwrap();

        // The smallest code has 21 modules, and its corners are dark.
        assert!(picture.contains("viewBox=\"0 0 29 29\""));
        for corner in ["M4 4h", "M24 4h", "M4 24h"] {
            assert!(picture.contains(corner), "{corner}");
        }
        assert!(!picture.contains("M3 ") && !picture.contains(" 3h"));
    }

    #[test]
    fn in_a_terminal_a_code_is_square_and_has_a_light_margin() {
        let lines = text("holdfast").unwrap();

        assert!(lines.iter().all(|line| line.chars().count() == 29));
        assert_eq!(lines.len(), 15, "two modules to a line");
        let light = |line: &String| line.chars().all(|one| one == '█');
        assert!(lines[..2].iter().all(light));
        assert!(lines.iter().all(|line| line.starts_with("████")));
        // The corner: seven dark modules above a light ring.
        assert!(lines[2].starts_with("████ ▄▄▄▄▄ "), "{}", lines[2]);
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        assert!(svg(&"x".repeat(5_000)).is_err());
        assert!(text(&"x".repeat(5_000)).is_err());
    }
}
