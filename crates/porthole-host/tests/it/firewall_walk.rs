//! The walk against the kernel's own rule trace: the same packet, sent for real, must meet the same rules in the same
//! order, on the rules that engines lay and on rules made at random.

mod comparison;
mod engines;
mod iptables_maker;
mod network;
mod other_programs;
mod packets;
mod random;
mod rule_maker;
