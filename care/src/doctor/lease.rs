//! How long a token of Vault's lives, and what time its server has: what a token reads of itself.

use super::Finding;
use std::time::{SystemTime, UNIX_EPOCH};

/// So many seconds of difference are nobody's concern; the answer itself takes a while.
const SKEW: u64 = 60;
/// A token that ends sooner may end in the middle of somebody's work.
const SOON: u64 = 300;

/// What there is to say of a token, by what it says of itself: `ttl`, and `expires` where it does.
pub(super) fn findings(about: &str, ttl: &str, expires: Option<&str>) -> Vec<Finding> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    told(about, ttl.parse().unwrap_or(0), expires.and_then(seconds), now)
}

fn told(about: &str, ttl: u64, expires: Option<u64>, now: u64) -> Vec<Finding> {
    if ttl == 0 {
        return vec![Finding::fine(about, "answers; its token does not expire")];
    }
    let text = format!("answers; its token is good for {}", words(ttl));
    let mut findings = vec![if ttl < SOON { Finding::note(about, text) } else { Finding::fine(about, text) }];
    // The token ends `ttl` seconds from the server's own now.
    let skew = expires.map(|expires| expires.saturating_sub(ttl)).map_or(0, |server| server.abs_diff(now));
    if skew > SKEW {
        let text = format!("this machine's clock and that of {about} differ by {}", words(skew));
        findings.push(Finding::note("clock", text).hint("signatures and certificates depend on it: set it, with NTP"));
    }
    findings
}

/// A time in the two largest units that it has.
pub(super) fn words(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let (mut left, mut parts) = (seconds, Vec::new());
    for (unit, name) in units {
        if left >= unit {
            parts.push(format!("{} {name}", left / unit));
            left %= unit;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// Seconds since 1970 of a time in UTC as RFC 3339 writes it, fractions left out.
fn seconds(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |text: &str| text.parse::<u64>().ok();
    let [year, month, day] = *date.split('-').map(number).collect::<Option<Vec<_>>>()? else { return None };
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let [hour, minute, second] = *time.split(':').map(number).collect::<Option<Vec<_>>>()? else { return None };
    // A year that begins in March has its odd day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day.checked_sub(1)?;
    Some(days.checked_sub(719_468)? * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:01Z", 951_825_601),
            ("2026-12-27T22:15:06.575535781Z", 1_798_409_706),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "2026-12-27", "2026-12-27T22:15:06+01:00", "x-1-1T1:1:1Z", "2026-12-00T00:00:00Z"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        for (text, expected) in [(1, "1 s"), (60, "1 min"), (3_725, "1 h 2 min"), (2_764_799, "31 d 23 h")] {
            assert_eq!(words(text), expected);
        }
    }

    #[test]
    fn a_clock_that_differs_is_told() {
        let text = |ttl, expires, now| {
            let cells = told("vault", ttl, expires, now).into_iter().flat_map(Finding::cells);
            cells.collect::<Vec<_>>().join("|")
        };
        assert_eq!(text(3600, Some(13_600), 10_030), "ok|vault|answers; its token is good for 1 h");
        let skewed = text(3600, Some(13_600), 13_600);
        assert!(skewed.ends_with("|note|clock|this machine's clock and that of vault differ by 1 h (signatures and certificates depend on it: set it, with NTP)"), "{skewed}");
        assert!(text(3600, Some(13_600), 9_000).contains("differ by 16 min 40 s"));
        assert_eq!(text(0, None, 5), "ok|vault|answers; its token does not expire");
        assert!(text(59, None, 5).starts_with("note|vault|"));
    }
}
