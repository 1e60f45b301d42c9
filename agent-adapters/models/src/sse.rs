//! Server-sent events, read as they come.

use crate::error::Fault;

/// The longest line in bytes.
const LINE: usize = 256 * 1024;

/// One event: its name, `message` where it has none, and its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Cuts a stream into events, however it was cut into chunks. An event that the stream ends in is
/// none, as the HTML standard has it.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    line: Vec<u8>,
    after_return: bool,
    begun: bool,
    name: String,
    data: Option<String>,
}

impl Sse {
    /// The events that `chunk` completes.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> Result<Vec<Event>, Fault> {
        let mut events = Vec::new();
        for byte in chunk {
            let after_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    events.extend(self.end_line()?);
                }
                byte if self.line.len() < LINE => self.line.push(*byte),
                _ => return Err(Fault::TooLong(LINE)),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<Event>, Fault> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).map_err(|_| Fault::Malformed("a line is no UTF-8"))?;
        let line = match std::mem::replace(&mut self.begun, true) {
            true => line.as_str(),
            false => line.trim_start_matches('\u{feff}'),
        };
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            return Ok(self.data.take().map(|data| Event { name, data }));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                Some(data) if data.len() + value.len() > LINE => return Err(Fault::TooLong(LINE)),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                none => *none = Some(value.to_owned()),
            },
            // Comments keep a connection alive; ids and waits are for who comes back.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "\u{feff}: hi\r\nevent: a\r\ndata: {\"x\":\r\ndata: \"ü\"}\r\n\r\n\
                          id: 7\ndata:no blank\n\nevent: lonely\n\ndata\n\nretry: 5\rdata: b\r\r\
                          data: never ended";

    fn expected() -> Vec<Event> {
        let event = |name: &str, data: &str| Event {
            name: name.to_owned(),
            data: data.to_owned(),
        };
        vec![
            event("a", "{\"x\":\n\"ü\"}"),
            event("", "no blank"),
            event("", ""),
            event("", "b"),
        ]
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(mut cuts in prop::collection::vec(0..STREAM.len(), 0..12)) {
            cuts.sort_unstable();
            let mut sse = Sse::default();
            let (mut events, mut from) = (Vec::new(), 0);
            for to in cuts.into_iter().chain([STREAM.len()]) {
                events.extend(sse.feed(&STREAM.as_bytes()[from..to]).unwrap());
                from = to;
            }
            prop_assert_eq!(events, expected());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Sse::default().feed(&bytes);
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut sse = Sse::default();
        assert!(sse.feed(&vec![b'x'; LINE]).is_ok());
        assert!(matches!(sse.feed(b"x"), Err(Fault::TooLong(LINE))));
        let mut sse = Sse::default();
        let line = format!("data: {}\n", "x".repeat(LINE / 2));
        assert!(sse.feed(line.as_bytes()).is_ok());
        assert!(sse.feed(line.as_bytes()).is_ok());
        assert!(matches!(
            sse.feed(line.as_bytes()),
            Err(Fault::TooLong(LINE))
        ));
    }
}
