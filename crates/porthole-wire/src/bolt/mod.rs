//! Bolt files, as bbolt writes them: pages, two of which name the root of a tree of buckets.
//!
//! The format follows bbolt's `page.go`, `db.go` and `bucket.go`. Nothing is locked and nothing is written: whoever
//! reads a file that is in use compares the pages that name the root before and after ([`chosen_meta`]).

mod meta;
mod page;
mod walk;

pub use meta::{Meta, chosen_meta};
pub use walk::{Entry, Walk, walk};

/// As much of a file's beginning as may hold the two pages that name the root, whatever the page size.
pub const HEAD: usize = meta::LARGEST_PAGE + meta::END;

#[cfg(test)]
mod tests;
