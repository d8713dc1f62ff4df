//! The real docker client and real engines, directly and through the relay.
