//! Dates as stores write them (RFC 3339), as seconds since 1970.

/// Reads `2006-01-02T15:04:05[.999]Z`, or with an offset like `+01:00` in place of the `Z`; `None` where it is none, or
/// is before 1970. A fraction of a second is left out.
pub fn seconds(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let plain = !fraction.is_empty() && fraction.bytes().all(|c| c.is_ascii_digit());
    // A leap second is the 60th.
    if !plain || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let [hours, minutes] = numbers(&zone[1..], ':', [2, 2])?;
            let east = (hours * 60 + minutes) * 60;
            if zone.starts_with('+') { east } else { -east }
        }
    };
    u64::try_from(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset).ok()
}

/// Numbers of just so many digits each.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits && part.bytes().all(|c| c.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// The days from 1970-01-01 to a day of the Gregorian calendar. The year begins in March here, so that the leap day is its
/// last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use crate::sys;
    use std::time::Duration;

    #[test]
    fn what_stores_write() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2018-03-22T02:24:06.945319214Z", 1_521_685_446),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2025-01-15T12:30:00+02:00", 1_736_937_000),
            ("2025-01-15T08:30:00-02:00", 1_736_937_000),
            ("2000-03-01 00:00:00z", 951_868_800),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for at in (0..5_000_000_000).step_by(99_991 * 997) {
            assert_eq!(seconds(&sys::utc(Duration::from_secs(at))), Some(at));
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "now",
            "2025-01-15",
            "2025-01-15T12:30:00",
            "2025-01-15T12:30Z",
            "2025-13-15T12:30:00Z",
            "2025-1-15T12:30:00Z",
            "2025-01-15T24:30:00Z",
            "2025-01-15T12:30:00.Z",
            "2025-01-15T12:30:00+0200",
            "2025-01-15T12:30:00Zx",
            "+025-01-15T12:30:00Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "2025-01-15T12:30:00\u{1f600}",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
