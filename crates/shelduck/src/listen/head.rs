//! Line ends in the head of an HTTP/1.1 request: CR LF, or it is no request.
//!
//! hyper's parser takes a lone LF for a line end, as RFC 9112 2.2 allows. A proxy in front that does not would have passed
//! on one header where we saw two. So a lone LF in a head becomes a byte that no parser takes, and hyper answers 400.

/// What hyper refuses anywhere in a head.
const REFUSED: u8 = 0;

/// Follows the lines of one head.
#[derive(Debug, Default)]
pub(super) struct HeadLines {
    after_return: bool,
    /// Bytes of the line so far.
    line_bytes: usize,
    /// A line that is not empty came.
    begun: bool,
    ended: bool,
}

impl HeadLines {
    /// Whether the whole head was seen.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes of the head came, perhaps with what follows it; a lone LF in the head is spoiled.
    pub(super) fn check(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            match *byte {
                _ if self.ended => return,
                b'\n' if self.after_return => self.end_line(),
                b'\n' => {
                    *byte = REFUSED;
                    self.ended = true;
                }
                b'\r' => self.after_return = true,
                _ => {
                    self.after_return = false;
                    self.line_bytes += 1;
                }
            }
        }
    }

    fn end_line(&mut self) {
        self.ended = self.begun && self.line_bytes == 0;
        self.begun |= self.line_bytes > 0;
        self.line_bytes = 0;
        self.after_return = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        for step in [1, 3, text.len()] {
            let mut lines = HeadLines::default();
            let mut bytes = text.as_bytes().to_vec();
            for chunk in bytes.chunks_mut(step) {
                lines.check(chunk);
            }
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{step}");
        }
    }

    #[test]
    fn a_head_with_whole_line_ends_and_what_follows_it_is_left_alone() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\n{\n\"a\":\n1}\n",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_lone_line_feed_is_spoiled() {
        check("GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\0Host: a\n\n");
        check("GET / HTTP/1.1\r\nA: b\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nA: b\0Host: a\r\n\r\n");
        check("GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\0");
        check("\nGET / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n");
    }
}
