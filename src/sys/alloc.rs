//! The allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use zeroizing_alloc::ZeroAlloc;

/// Wipes every block when it is freed, also when it grows (a new block, a copy, the old one wiped); where there is no
/// memory the process ends with 125 there and then, since std would abort.
pub struct Wiping(ZeroAlloc<System>);

impl Wiping {
    /// For a `#[global_allocator]`.
    pub const fn new() -> Self {
        Self(ZeroAlloc(System))
    }
}

impl Default for Wiping {
    fn default() -> Self {
        Self::new()
    }
}

fn some(block: *mut u8) -> *mut u8 {
    if block.is_null() {
        // Nothing may be allocated here.
        super::write_lossy(2, b"inject: error: out of memory\ninject: nothing was run\n");
        // SAFETY: ends the process, there and then.
        unsafe { libc::_exit(125) }
    }
    block
}

// SAFETY: every call goes to an allocator that keeps the contract; `realloc` is the trait's own, which is alloc, copy and
// dealloc.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        some(unsafe { self.0.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        some(unsafe { self.0.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(block, layout) }
    }
}
