//! What a store knows of a value beside its bytes.

/// What a store knows of a value beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The version, as the store calls it.
    pub version: Option<String>,
    /// When this version was stored, in seconds since 1970.
    pub created: Option<u64>,
}

impl Stored {
    /// The seconds since 1970 of a time as RFC 3339 writes it; `None` where it is none, or earlier.
    pub fn time(text: &str) -> Option<u64> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok().filter(|n| *n >= 0);
        let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
        if marks.iter().any(|(at, mark)| text.get(*at..at + 1).is_none_or(|is| !is.eq_ignore_ascii_case(mark))) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let zone = match (zone, zone.get(..1)?) {
            ("Z" | "z", _) => 0,
            (_, sign @ ("+" | "-")) if zone.len() == 6 && zone.get(3..4) == Some(":") => {
                let part = |from: usize| zone.get(from..from + 2)?.parse::<i64>().ok();
                let minutes = part(1)? * 60 + part(4)?;
                if sign == "+" { minutes } else { -minutes }
            }
            _ => return None,
        };
        // Days since 1970 in the proleptic Gregorian calendar, in years that begin with March.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
        u64::try_from(((days * 24 + hour) * 60 + minute - zone) * 60 + second).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Stored;

    #[test]
    fn times_of_rfc_3339() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T23:59:59.999Z", Some(951_868_799)),
            ("2024-05-06T07:08:09.123456789Z", Some(1_714_979_289)),
            ("2024-05-06T07:08:09+02:00", Some(1_714_979_289 - 7200)),
            ("2024-05-06t07:08:09-00:30", Some(1_714_979_289 + 1800)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("1969-12-31T23:59:59Z", None),
            ("2024-05-06", None),
            ("2024-13-06T07:08:09Z", None),
            ("2024-05-06T07:08:09", None),
            ("2024-05-06T07:08:09+0200", None),
            ("-024-05-06T07:08:09Z", None),
            ("+024-05-06T07:08:09Z", None),
            ("", None),
        ] {
            assert_eq!(Stored::time(text), seconds, "{text}");
        }
    }
}
