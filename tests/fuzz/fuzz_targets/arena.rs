//! Whatever is pushed, a string is whole or refused, and those before it stay as they were.
#![no_main]

use inject::arena::Arena;
use libfuzzer_sys::fuzz_target;
use std::ffi::CStr;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let Ok(mut arena) = Arena::new(usize::from(*size) * 64) else { return };
    let mut kept: Vec<(*const std::ffi::c_char, &[u8])> = Vec::new();
    for piece in bytes.split(|c| *c == b'\n') {
        if let Some(at) = arena.push(&[b"A", b"=", piece]) {
            kept.push((at, piece));
        } else {
            assert!(piece.contains(&0) || kept.iter().map(|(_, p)| p.len() + 3).sum::<usize>() + piece.len() + 3 > usize::from(*size) * 64);
        }
    }
    for (at, piece) in kept {
        // SAFETY: `push` made it, and the arena lives.
        assert_eq!(&unsafe { CStr::from_ptr(at) }.to_bytes()[2..], piece);
    }
});
