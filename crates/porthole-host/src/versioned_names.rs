//! Names that libraries ask a static glibc for and that it does not have.
//!
//! libc 0.2.179 and newer refer to five functions by their versioned names (rust-lang/libc#4882), and a static library
//! has no versions.

use std::ffi::{c_int, c_uint, c_void};

macro_rules! versioned {
    ($($plain:ident as $versioned:literal ($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        mod $plain {
            use super::*;

            mod plain {
                use super::*;

                #[expect(unsafe_code, reason = "a function of glibc under its plain name")]
                unsafe extern "C" {
                    pub(super) fn $plain($($argument: $type),*) -> $result;
                }
            }

            #[expect(unsafe_code, reason = "the name that other libraries ask for")]
            #[unsafe(export_name = $versioned)]
            unsafe extern "C" fn versioned($($argument: $type),*) -> $result {
                // SAFETY: the caller promises what the function of the same name asks for.
                unsafe { plain::$plain($($argument),*) }
            }
        }
    )* };
}

versioned! {
    cfgetispeed as "cfgetispeed@GLIBC_2.2.5" (settings: *const c_void) -> c_uint;
    cfgetospeed as "cfgetospeed@GLIBC_2.2.5" (settings: *const c_void) -> c_uint;
    cfsetispeed as "cfsetispeed@GLIBC_2.2.5" (settings: *mut c_void, speed: c_uint) -> c_int;
    cfsetospeed as "cfsetospeed@GLIBC_2.2.5" (settings: *mut c_void, speed: c_uint) -> c_int;
    cfsetspeed as "cfsetspeed@GLIBC_2.2.5" (settings: *mut c_void, speed: c_uint) -> c_int;
}
