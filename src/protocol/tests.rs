#![allow(clippy::unwrap_used)]

use super::*;

fn locator(text: &str) -> Locator {
    Locator { kind: "keychain", text: text.into(), options: vec![("version".into(), "3".into())] }
}

fn request() -> Vec<u8> {
    let settings = [("secret-id".to_owned(), Secret::from(&b"\0\xff s"[..]))];
    let open =
        Open { protocol: VERSION, kind: "vault", left: Duration::from_millis(1500), ages: true, settings: &settings };
    encode_request(&open, &[locator("kv/a"), locator("")]).unwrap().expose().to_vec()
}

fn replies() -> Vec<u8> {
    let mut out = Vec::new();
    let mut payload = Payload::from(vec![0, 255, b'\n']);
    payload.notes = vec![Note::fact("lease of 1h"), Note::warning("colour \x1b[31m")];
    let fault = Fault::outage("sealed").hint("unseal it");
    for reply in [
        Reply::Opened { protocol: VERSION, version: "0.1.0".into() },
        Reply::Answer { index: 1, result: Ok(payload) },
        Reply::Answer { index: 0, result: Err(Fault::absent("no such item")) },
        Reply::Failed(fault),
    ] {
        write_reply(&mut out, &reply).unwrap();
    }
    out
}

/// Everything that comes of `bytes` fed in parts of `step`, or the first fault.
fn read<T>(
    bytes: &[u8],
    step: usize,
    next: fn(&mut Decoder) -> Result<Option<T>, Fault>,
) -> Result<(Vec<T>, bool), Fault> {
    let mut decoder = Decoder::new();
    let mut all = Vec::new();
    for part in bytes.chunks(step) {
        decoder.feed(part);
        while let Some(one) = next(&mut decoder)? {
            all.push(one);
        }
    }
    Ok((all, decoder.is_empty()))
}

#[test]
fn requests_survive_any_split() {
    let bytes = request();
    for step in 1..=bytes.len() {
        let (all, whole) = read(&bytes, step, Decoder::request).unwrap();
        assert!(whole);
        let [Request::Open { kind, left, ages: true, settings }, Request::Fetch(locators)] = &all[..] else {
            panic!("not an open and a fetch")
        };
        assert_eq!((kind.as_str(), settings[0].0.as_str()), ("vault", "secret-id"));
        assert_eq!(*left, Duration::from_millis(1500));
        assert_eq!(settings[0].1.expose(), b"\0\xff s");
        assert_eq!(locators, &[locator("kv/a"), locator("")]);
    }
}

#[test]
fn changes_survive_any_split() {
    let put = |field: Option<&str>| Change::Put { field: field.map(Into::into), value: Secret::from(&b"\0\xff"[..]) };
    for change in
        [put(None), put(Some("db.url")), Change::Remove { field: None }, Change::Remove { field: Some("".into()) }]
    {
        let mut bytes = request();
        bytes.extend_from_slice(encode_change(&locator("kv/a"), &change).unwrap().expose());
        for step in 1..=bytes.len() {
            let (all, whole) = read(&bytes, step, Decoder::request).unwrap();
            let [_, _, Request::Change(at, read)] = &all[..] else { panic!("not a change") };
            assert!(whole && *at == locator("kv/a") && read.field() == change.field());
            match (read, &change) {
                (Change::Put { value: read, .. }, Change::Put { value, .. }) => {
                    assert_eq!(read.expose(), value.expose())
                }
                (Change::Remove { .. }, Change::Remove { .. }) => {}
                _ => panic!("another change"),
            }
        }
    }
    let large = Change::Put { field: None, value: Secret::new(vec![7; MAX_PAYLOAD + 1]) };
    assert_eq!(encode_change(&locator("a"), &large).err().unwrap().message, "the value is larger than 1 MiB");
    let full = Change::Put { field: Some("f".into()), value: Secret::new(vec![7; MAX_PAYLOAD]) };
    assert!(encode_change(&locator("a"), &full).is_ok());
}

#[test]
fn replies_survive_any_split() {
    let bytes = replies();
    for step in 1..=bytes.len() {
        let (all, whole) = read(&bytes, step, Decoder::reply).unwrap();
        assert!(whole);
        let [
            Reply::Opened { protocol: VERSION, version },
            Reply::Answer { index: 1, result: Ok(payload) },
            Reply::Answer { index: 0, result: Err(absent) },
            Reply::Failed(failed),
        ] = &all[..]
        else {
            panic!("not what was written")
        };
        assert_eq!(version, "0.1.0");
        assert_eq!(payload.bytes.expose(), [0, 255, b'\n']);
        assert_eq!(payload.notes, [Note::fact("lease of 1h"), Note::warning("colour \\u{1b}[31m")]);
        assert_eq!(absent, &Fault::absent("no such item"));
        assert_eq!(failed, &Fault::outage("sealed").hint("unseal it"));
    }
}

#[test]
fn what_is_cut_off_is_seen() {
    let (bytes, boundary) = (request(), read(&request(), 1, Decoder::request).unwrap().0.len());
    assert_eq!(boundary, 2);
    let open = 4 + u32::from_be_bytes(*bytes.first_chunk().unwrap()) as usize;
    for end in 1..bytes.len() {
        let (_, whole) = read(&bytes[..end], end, Decoder::request).unwrap();
        assert_eq!(whole, end == open, "cut at {end}");
    }
    let bytes = replies();
    for end in 1..bytes.len() {
        // A frame whose length says what is there, but whose content was cut, is malformed.
        let mut short = bytes[..end].to_vec();
        let Ok(length) = u32::try_from(end - 4.min(end)) else {
            continue;
        };
        if end > PREAMBLE {
            short[..4].copy_from_slice(&length.to_be_bytes());
            let whole = u32::from_be_bytes(*bytes.first_chunk().unwrap()) == length;
            assert_eq!(read(&short, end, Decoder::reply).is_ok(), whole, "shortened to {end}");
        }
    }
}

#[test]
fn no_byte_can_make_it_panic_or_grow() {
    for (bytes, requests) in [(request(), true), (replies(), false)] {
        for at in 0..bytes.len() {
            for byte in [0, 1, 2, 7, 0x7f, 0x80, 0xff, bytes[at].wrapping_add(1)] {
                let mut bad = bytes.clone();
                bad[at] = byte;
                if requests {
                    let _ = read(&bad, 7, Decoder::request);
                } else {
                    let _ = read(&bad, 7, Decoder::reply);
                }
            }
        }
    }
}

#[test]
fn another_protocol_is_named_by_both_ends_whatever_follows() {
    for number in [0, 2, 3000, u32::MAX] {
        // Longer than we would ever accept, and not complete.
        let mut first = u32::MAX.to_be_bytes().to_vec();
        first.extend_from_slice(b"inject\r\n");
        first.extend_from_slice(&number.to_be_bytes());
        for step in [1, 5, 16] {
            let launcher = read(&first, step, Decoder::reply).err().unwrap();
            assert_eq!(launcher.message, format!("inject speaks protocol 1, and inject-store protocol {number}"));
            let store = read(&first, step, Decoder::request).err().unwrap();
            assert_eq!(store.message, format!("inject speaks protocol {number}, and inject-store protocol 1"));
            for fault in [launcher, store] {
                assert_eq!(fault.exit(), 125);
                assert_eq!(fault.hint.unwrap(), "install inject and inject-store from the same release");
            }
        }
    }
}

/// Only an item can be absent: said of a whole store it would be forgiven for every one of them.
#[test]
fn a_store_is_never_absent() {
    let mut out = Vec::new();
    write_reply(&mut out, &Reply::Opened { protocol: VERSION, version: String::new() }).unwrap();
    write_reply(&mut out, &Reply::Failed(Fault::absent("no such store"))).unwrap();
    assert_eq!(read(&out, out.len(), Decoder::reply).err().map(|fault| fault.state), Some(State::Invalid));
}

#[test]
fn garbage_is_refused_at_its_first_wrong_byte() {
    for bytes in [&b"error: no such command\n"[..], b"\0\0\0\x10injecT", b"\x7fELF\x02"] {
        let fault = read(bytes, bytes.len(), Decoder::reply).err().unwrap();
        assert_eq!(fault, Fault::invalid("inject-store answered something that is not protocol 1"));
    }
    let mut huge = replies()[..31].to_vec();
    let first = 4 + u32::from_be_bytes(*huge.first_chunk().unwrap()) as usize;
    huge.truncate(first);
    huge.extend_from_slice(&u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes());
    assert!(read(&huge, 1, Decoder::reply).is_err());
}

#[test]
fn bounds_hold_on_both_sides() {
    let full = Reply::Answer {
        index: 0,
        result: Ok(Payload {
            bytes: Secret::new(vec![7; MAX_PAYLOAD]),
            notes: vec![Note::warning("n".repeat(5000)); 99],
            stored: Stored { version: Some("v".repeat(5000)), created: Some(u64::MAX) },
        }),
    };
    let over = Reply::Answer { index: 0, result: Ok(Payload::from(vec![7; MAX_PAYLOAD + 1])) };
    let mut out = Vec::new();
    write_reply(&mut out, &Reply::Opened { protocol: VERSION, version: "\u{e9}".repeat(9999) }).unwrap();
    write_reply(&mut out, &full).unwrap();
    write_reply(&mut out, &over).unwrap();
    let (all, whole) = read(&out, 4096, Decoder::reply).unwrap();
    assert!(whole);
    assert!(
        matches!(&all[1], Reply::Answer { result: Ok(p), .. } if p.bytes.len() == MAX_PAYLOAD && p.notes.len() == MAX_ITEMS)
    );
    assert!(matches!(&all[2], Reply::Answer { result: Err(f), .. } if f.message == "the value is larger than 1 MiB"));

    assert!(encode_fetch(&vec![locator("a"); MAX_LOCATORS]).is_ok());
    assert!(encode_fetch(&vec![locator("a"); MAX_LOCATORS + 1]).is_err());
    assert!(encode_fetch(&[locator(&"a".repeat(MAX_FRAME))]).is_err());
    let settings: Vec<_> = (0..=MAX_ITEMS).map(|n| (n.to_string(), Secret::new(vec![]))).collect();
    assert!(
        encode_request(
            &Open { protocol: VERSION, kind: "k", left: Duration::ZERO, ages: false, settings: &settings },
            &[]
        )
        .is_err()
    );
}

#[test]
fn each_is_answered_exactly_once() {
    let value = |byte| Ok(Payload::from(vec![byte]));
    let mut answers = Answers::new(3);
    answers.take(2, value(2)).unwrap();
    assert!(answers.take(2, value(9)).is_err(), "twice");
    assert!(answers.take(3, value(9)).is_err(), "never asked");
    answers.take(0, value(0)).unwrap();
    assert!(!answers.complete());
    let all = answers.finish(&Fault::timeout("late"));
    let bytes: Vec<_> = all.iter().map(|one| one.as_ref().map(|p| p.bytes.expose().to_vec())).collect();
    assert_eq!(bytes, [Ok(vec![0]), Err(&Fault::timeout("late")), Ok(vec![2])]);
    assert!(Answers::new(0).complete());
}
