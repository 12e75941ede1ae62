//! Pages the box writes itself: one look, no script, nothing loaded from elsewhere.

const FRAME: &str = include_str!("frame.html");

/// Makes a whole page. `body` is HTML already; `title` is text.
pub fn page(title: &str, body: &str) -> String {
    FRAME.replace("{{title}}", &escape(title)).replace("{{body}}", body)
}

/// Makes text safe inside elements and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<a b='\"'>&"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;");
        assert!(page("</title><script>", "").contains("&lt;/title&gt;&lt;script&gt;"));
    }
}
