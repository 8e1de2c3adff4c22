//! A file for `docker run --env-file` (docker/cli, pkg/kvfile): a line each, as it is, nothing quoted or expanded.

use super::{Format, text};

/// Go's bufio.MaxScanTokenSize, with the line's end.
const LINE: usize = 65_536;

pub(super) const FORMAT: Format = Format { name: "docker", before: b"", between: b"", after: b"", write };

fn write(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String> {
    text(value, "docker")?;
    if let Some(at) = memchr::memchr(b'\n', value) {
        return Err(format!("a line of an env-file cannot hold a newline; there is one at byte {at}"));
    }
    if value.ends_with(b"\r") {
        return Err("docker takes a carriage return at its end for the line's".into());
    }
    let line = [name.as_bytes(), b"=", value, b"\n"];
    let size: usize = line.iter().map(|part| part.len()).sum();
    if size > LINE {
        return Err(format!("docker reads lines of {LINE} bytes at most; with its name the value takes {size}"));
    }
    line.iter().for_each(|part| out.extend_from_slice(part));
    Ok(())
}
