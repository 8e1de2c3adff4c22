//! Hostile bytes to both ends of the pipe, in hostile portions: no panic, nothing accepted beyond its bounds, and what
//! is accepted from a store is written again and read as the same.
#![no_main]

use inject::protocol::{
    Answers, Decoder, MAX_LOCATORS, MAX_PAYLOAD, Reply, Request, VERSION, encode_change,
    write_reply,
};
use inject::source::Change;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&step, rest)) = input.split_first() else {
        return;
    };
    // Mostly behind a good first message, which a fuzzer would take long to find.
    let mut first = Vec::new();
    if step & 1 == 0 {
        let opened = Reply::Opened {
            protocol: VERSION,
            version: String::new(),
        };
        write_reply(&mut first, &opened).expect("a vector takes everything");
    }
    let portions = || std::iter::once(&first[..]).chain(rest.chunks(usize::from(step >> 1) + 1));
    replies(portions());
    requests(portions());
});

fn replies<'a>(portions: impl Iterator<Item = &'a [u8]>) {
    let mut decoder = Decoder::new();
    let mut answers = Answers::new(4);
    for portion in portions {
        decoder.feed(portion);
        loop {
            match decoder.reply() {
                Err(_) => return,
                Ok(None) => break,
                Ok(Some(reply)) => {
                    again(&reply);
                    if let Reply::Answer { index, result } = reply {
                        assert!(
                            !result
                                .as_ref()
                                .is_ok_and(|payload| payload.bytes.len() > MAX_PAYLOAD)
                        );
                        let _ = answers.take(index, result);
                    }
                }
            }
        }
    }
}

/// Texts may be cut once more, everything else is the same.
fn again(reply: &Reply) {
    if matches!(reply, Reply::Opened { .. }) {
        return;
    }
    let (mut bytes, mut decoder) = (Vec::new(), Decoder::new());
    let opened = Reply::Opened {
        protocol: VERSION,
        version: String::new(),
    };
    write_reply(&mut bytes, &opened).expect("a vector takes everything");
    write_reply(&mut bytes, reply).expect("what was read can be written");
    decoder.feed(&bytes);
    assert!(matches!(decoder.reply(), Ok(Some(Reply::Opened { .. }))));
    match (reply, decoder.reply()) {
        (Reply::Failed(was), Ok(Some(Reply::Failed(is)))) => assert!(was.state == is.state),
        (
            Reply::Answer { index, result },
            Ok(Some(Reply::Answer {
                index: at,
                result: is,
            })),
        ) => {
            assert_eq!(*index, at);
            let bytes = |one: &Result<inject::source::Payload, inject::error::Fault>| match one {
                Ok(payload) => Ok(payload.bytes.expose().to_vec()),
                Err(fault) => Err((fault.state, fault.transient, fault.hint.is_some())),
            };
            assert_eq!(bytes(result), bytes(&is));
        }
        _ => panic!("what was written cannot be read"),
    }
    assert!(decoder.is_empty());
}

fn requests<'a>(portions: impl Iterator<Item = &'a [u8]>) {
    let mut decoder = Decoder::new();
    for portion in portions {
        decoder.feed(portion);
        loop {
            match decoder.request() {
                Err(_) => return,
                Ok(None) => break,
                Ok(Some(Request::Fetch(locators))) => assert!(locators.len() <= MAX_LOCATORS),
                Ok(Some(Request::Change(locator, change))) => {
                    if let Change::Put { value, .. } = &change {
                        assert!(value.len() <= MAX_PAYLOAD);
                    }
                    // What a store accepts, a launcher can have sent.
                    assert!(encode_change(&locator, &change).is_ok());
                }
                Ok(Some(Request::Open { .. })) => {}
            }
        }
    }
}
