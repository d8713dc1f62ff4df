//! Ladders of cases that were seen, and of such as are near them.
