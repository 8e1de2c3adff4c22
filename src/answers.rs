//! What the sources answered: whole bytes, or a document where somebody wants a field of it.

use crate::batch::{Ask, Batch};
use crate::document::dotenv::Dialect;
use crate::document::{Document, Format};
use crate::error::{Fault, State};
use crate::plan::{Plan, Want};
use crate::profile::sources::SourceDef;
use crate::secret::Secret;
use crate::source::kind::Documents;
use crate::source::sops::Form;
use crate::source::{Locator, Note, Payload, Stored};

/// What one locator gave.
pub struct Answer {
    what: What,
    /// What the store says of it.
    pub stored: Stored,
}

enum What {
    /// Bytes of which nobody wants a field.
    Whole(Secret),
    /// A document.
    Parsed(Box<Document>),
}

impl Answer {
    /// Parses what somebody wants a field of, once.
    pub(crate) fn of(
        batch: &Batch<'_>,
        locator: usize,
        payload: Payload,
        notes: &mut Vec<Note>,
    ) -> Result<Self, Fault> {
        let Batch { source, locators, parsed, .. } = batch;
        if !parsed[locator] {
            return Ok(Self { what: What::Whole(payload.bytes), stored: payload.stored });
        }
        let (format, dialect) = read_as(source, &locators[locator], payload.bytes.expose())?;
        let documents = source.kind.documents;
        let guessed =
            format == Format::Dotenv && documents == Documents::ByLook && source.text("format") != Some("dotenv");
        let document = Document::parse(payload.bytes, format, dialect).map_err(|mistake| {
            let line = mistake.line.map_or_else(String::new, |line| format!("line {line}: "));
            let fault = Fault::invalid(format!("{line}{}", mistake.message));
            match mistake.hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        })?;
        for repeat in document.repeated() {
            let lines: Vec<_> = repeat.lines.iter().map(ToString::to_string).collect();
            let what = format!("{}:{}", source.name, locators[locator].text);
            let text = format!("{} stands in lines {}; the last one counts", repeat.name, lines.join(", "));
            notes.push(Note::warning(text).about(&what));
        }
        Ok(Self { what: What::Parsed(Box::new(document.guessed(guessed))), stored: payload.stored })
    }
}

/// What every locator of every batch gave; `None` where nobody asked in the end.
pub struct Answers {
    pub(crate) batches: Vec<Vec<Option<Result<Answer, Fault>>>>,
    /// Remarks for `-v` and `check`, with the source's name in front.
    pub notes: Vec<Note>,
}

impl Answers {
    /// Nothing asked yet.
    pub(crate) fn none(plan: &Plan<'_>) -> Self {
        let batches = plan.batches.iter().map(|batch| batch.locators.iter().map(|_| None).collect()).collect();
        Self { batches, notes: Vec::new() }
    }

    /// What one reference gave: the whole bytes or the field.
    ///
    /// # Errors
    /// Why there is no value.
    pub fn value(&self, ask: &Ask<'_>) -> Result<&[u8], Fault> {
        match (&self.answer(ask)?.what, &ask.field) {
            (What::Whole(bytes), None) => Ok(bytes.expose()),
            (What::Parsed(document), None) => Ok(document.bytes()),
            (What::Parsed(document), Some(field)) => document.pick(field),
            (What::Whole(_), Some(_)) => Err(Fault::invalid("not parsed")),
        }
    }

    /// What one reference gave, for a pattern.
    ///
    /// # Errors
    /// Why there is no document.
    pub fn document(&self, ask: &Ask<'_>) -> Result<&Document, Fault> {
        match &self.answer(ask)?.what {
            What::Parsed(document) => Ok(document),
            What::Whole(_) => Err(Fault::invalid("not parsed")),
        }
    }

    /// What the store says of what one reference gave.
    pub fn stored(&self, ask: &Ask<'_>) -> Option<&Stored> {
        self.answer(ask).ok().map(|answer| &answer.stored)
    }

    /// Whether it was asked.
    pub(crate) fn has(&self, ask: &Ask<'_>) -> bool {
        self.batches[ask.batch][ask.locator].is_some()
    }

    fn answer(&self, ask: &Ask<'_>) -> Result<&Answer, Fault> {
        match self.batches.get(ask.batch).and_then(|batch| batch.get(ask.locator)?.as_ref()) {
            Some(answer) => answer.as_ref().map_err(Clone::clone),
            None => Err(Fault::invalid("was not asked")),
        }
    }

    /// The entry of a list that counts: the first that is not absent, else the last. `None` where it was not asked yet.
    pub fn chosen<'w, 'p>(&self, want: &'w Want<'p>) -> Option<&'w Ask<'p>> {
        let (last, others) = want.asks.split_last()?;
        let asked = |ask: &Ask<'_>| self.batches.get(ask.batch)?.get(ask.locator)?.as_ref().map(drop);
        for ask in others {
            asked(ask)?;
            if !self.is_absent(want, ask) {
                return Some(ask);
            }
        }
        // Whatever it gave: nothing comes behind it, so nobody need look.
        asked(last).map(|()| last)
    }

    pub(crate) fn is_absent(&self, want: &Want<'_>, ask: &Ask<'_>) -> bool {
        let gave = if want.pattern {
            self.document(ask).and_then(|d| d.at(ask.field.as_ref()).map(drop))
        } else {
            self.value(ask).map(drop)
        };
        matches!(gave, Err(fault) if fault.state == State::Absent)
    }
}

/// How an answer is read.
///
/// # Errors
/// Neither the source, nor the name, nor the bytes say it.
pub fn read_as(source: &SourceDef, locator: &Locator, bytes: &[u8]) -> Result<(Format, Dialect), Fault> {
    match Form::by_name(&locator.text).document().filter(|_| locator.kind == "sops") {
        Some(known) => Ok(known),
        None => Ok((format(source, locator, bytes)?, dialect(source))),
    }
}

/// How a document of this source is written.
///
/// # Errors
/// Neither the source, nor the name, nor the bytes say it.
pub fn format(source: &SourceDef, locator: &Locator, bytes: &[u8]) -> Result<Format, Fault> {
    let said = match source.text("format") {
        Some("dotenv") => Some(Format::Dotenv),
        Some("json") => Some(Format::Json),
        Some("yaml") => Some(Format::Yaml),
        Some("toml") => Some(Format::Toml),
        _ => None,
    };
    let by_name = || Format::by_name(&locator.text).filter(|_| source.kind.documents == Documents::ByName);
    let by_look = || bytes.trim_ascii_start().starts_with(b"{").then_some(Format::Json);
    // A whole path of parameters is what the store itself put together.
    if locator.kind == "ssm" && locator.text.ends_with('/') {
        return Ok(Format::Json);
    }
    match source.kind.documents {
        Documents::Dotenv => Ok(Format::Dotenv),
        Documents::Fields => Ok(Format::Json),
        Documents::ByLook => Ok(said.or_else(by_look).unwrap_or(Format::Dotenv)),
        Documents::ByName | Documents::None => said.or_else(by_name).or_else(by_look).ok_or_else(|| {
            let hint = format!("[source.{}] format = \"dotenv\", \"json\", \"yaml\" or \"toml\" says it", source.name);
            Fault::invalid("cannot tell the format of this file").hint(hint)
        }),
    }
}

/// Whose rules the .env files of this source follow.
pub fn dialect(source: &SourceDef) -> Dialect {
    match (source.text("dialect"), source.flag("expand")) {
        (Some("rust"), _) => Dialect::Rust,
        (_, true) => Dialect::PythonExpand,
        (_, false) => Dialect::Python,
    }
}
