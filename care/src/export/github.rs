//! For the file that `$GITHUB_ENV` names in a job of GitHub Actions: a here-document each, with an end that nobody can
//! have put into the value.

use super::{Format, text};

pub(super) const FORMAT: Format = Format { name: "github", before: b"", between: b"", after: b"", write };

fn write(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), String> {
    let value = text(value, "the runner")?;
    if name == "NODE_OPTIONS" {
        return Err("the runner refuses this name".into());
    }
    let end = loop {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| "the system gives no random numbers".to_owned())?;
        let end = format!("end-{}", data_encoding::HEXLOWER.encode(&random));
        if !value.contains(&end) {
            break end;
        }
    };
    for part in [name, "<<", &end, "\n", value, "\n", &end, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    Ok(())
}
