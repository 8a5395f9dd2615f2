//! Where memory comes from, and when it is given back.
//!
//! Compiling makes and drops many small things. With the allocator of glibc a line of a program of 100,000 costs half as much again
//! as one of 10,000; with this one a tenth more.

use std::ffi::c_long;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of `mimalloc.h`, which the crate has no name for.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
/// Milliseconds until what is free goes back to the system. With the second that is usual a
/// node holds more while the content of a blob passes through, and compiling is no faster.
const PURGE_DELAY_MS: c_long = 10;

/// To be called before anything else. `MIMALLOC_PURGE_DELAY` goes first.
pub fn set_up() {
    // SAFETY: the function only notes a number, and may be called at any time.
    #[allow(unsafe_code)]
    unsafe {
        libmimalloc_sys::mi_option_set_default(PURGE_DELAY, PURGE_DELAY_MS);
    }
}

/// Gives what is free back to the system. The allocator does so by and by while it is in use, and a node that has compiled its
/// program and now waits for calls would keep what the compiler needed.
pub fn give_back() {
    // SAFETY: the function looks after the calling thread's own free pages and may be called at any time.
    #[allow(unsafe_code)]
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
