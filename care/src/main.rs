//! C's main, as in `inject`, and the allocator.
#![no_main]
#![allow(unsafe_code)]

/// Wipes what is freed; where there is no memory, ends with 125 instead of an abort.
#[cfg(not(feature = "leak-system-allocator"))]
#[global_allocator]
static ALLOCATOR: inject::sys::Wiping = inject::sys::Wiping::new();

/// Where the kernel starts.
///
/// # Safety
/// Called by the C runtime.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(argc: i32, argv: *const *const libc::c_char, envp: *const *const libc::c_char) -> i32 {
    // SAFETY: these are main's own arguments.
    i32::from(unsafe { inject_care::start(argc, argv, envp) })
}
