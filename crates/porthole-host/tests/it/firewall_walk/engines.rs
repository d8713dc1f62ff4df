//! The rules that engines lay.
