//! The way of a name: what the files of a container say, who is asked where, and what came of it.

mod files;
mod ladder;
mod probe;
mod standing;
mod subject;

pub use files::{EngineRemarks, HostsEntry, NameServer, NotedForwarder, ResolverFile};
pub use ladder::{DnsLadder, DnsName, DnsRung, DnsRungKind, DnsRungState, DnsTry, DnsVerdict};
pub use probe::{
    DnsAnswer, DnsOutcome, DnsProbe, DnsQuestion, DnsTransport, DnsVantage, DnsVisit, RecordKind,
    ResponseCode,
};
pub use standing::{HostNames, NameFiles};
pub use subject::{DnsPeer, DnsReading, DnsSettings, DnsSubject};
