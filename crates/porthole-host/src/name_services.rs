//! Which libraries the C library asks for names: only those that are linked in.

use std::ffi::{CStr, c_char, c_int};

/// The databases of nsswitch.conf(5), with where their names come from.
const SERVICES: [(&CStr, &CStr); 13] = [
    (c"aliases", c"files"),
    (c"ethers", c"files"),
    (c"group", c"files"),
    (c"gshadow", c"files"),
    (c"hosts", c"files dns"),
    (c"initgroups", c"files"),
    (c"netgroup", c"files"),
    (c"networks", c"files"),
    (c"passwd", c"files"),
    (c"protocols", c"files"),
    (c"rpc", c"files"),
    (c"services", c"files"),
    (c"shadow", c"files"),
];

/// Makes this process look names up in files and by DNS alone, whatever nsswitch.conf says.
///
/// A static glibc still loads the modules that nsswitch.conf names. In a container that file and those modules are the
/// container's, and code of the container would run with our rights (CVE-2019-14271).
pub fn pin_name_services() {
    for (database, services) in SERVICES {
        pin(database, services);
    }
}

#[expect(unsafe_code, reason = "no crate wraps this function of glibc")]
fn pin(database: &CStr, services: &CStr) {
    unsafe extern "C" {
        fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
    }
    // SAFETY: both are strings with an end, which glibc (nss/nss_database.c) reads and copies before it returns.
    let refused = unsafe { __nss_configure_lookup(database.as_ptr(), services.as_ptr()) } != 0;
    assert!(!refused, "glibc refuses {services:?} for {database:?}");
}
