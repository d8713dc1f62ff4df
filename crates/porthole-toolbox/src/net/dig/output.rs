//! An answer in dig's own layout.

use std::io::Write;
use std::net::SocketAddr;

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::Record;

use super::Request;
use crate::net::dns::Reply;
use crate::net::tool::{self, Outcome};

pub(super) fn print(request: &Request, server: SocketAddr, reply: &Reply) -> Outcome {
    let mut out = tool::out();
    let message = &reply.message;
    if request.short {
        for record in &message.answers {
            writeln!(out, "{}", record.data)?;
        }
    } else {
        let shown = request.shown;
        if shown.comments {
            write!(out, "{}", header(message))?;
        }
        if shown.question {
            writeln!(out, "\n;; QUESTION SECTION:")?;
            for query in &message.queries {
                writeln!(out, ";{}\t\t{}\t{}", query.name(), query.query_class(), query.query_type())?;
            }
        }
        section(&mut out, "ANSWER", &message.answers, shown.answer, shown.comments)?;
        section(&mut out, "AUTHORITY", &message.authorities, shown.authority, shown.comments)?;
        section(&mut out, "ADDITIONAL", &message.additionals, shown.additional, shown.comments)?;
        if shown.stats {
            let way = if reply.over_tcp { "TCP" } else { "UDP" };
            writeln!(out, "\n;; Query time: {} msec", reply.took.as_millis())?;
            writeln!(out, ";; SERVER: {}#{} ({way})", server.ip(), server.port())?;
            writeln!(out, ";; MSG SIZE  rcvd: {}", reply.length)?;
        }
    }
    out.flush()?;
    Ok(0)
}

fn header(message: &Message) -> String {
    let metadata = &message.metadata;
    let status = format!("{:?}", metadata.response_code).to_uppercase();
    let flags = [
        (true, "qr"),
        (metadata.authoritative, "aa"),
        (metadata.truncation, "tc"),
        (metadata.recursion_desired, "rd"),
        (metadata.recursion_available, "ra"),
        (metadata.authentic_data, "ad"),
        (metadata.checking_disabled, "cd"),
    ];
    let flags: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
    format!(
        ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {}\n\
         ;; flags: {}; QUERY: {}, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n",
        metadata.id,
        flags.join(" "),
        message.queries.len(),
        message.answers.len(),
        message.authorities.len(),
        message.additionals.len(),
    )
}

fn section(
    out: &mut impl Write,
    title: &str,
    records: &[Record],
    shown: bool,
    titled: bool,
) -> std::io::Result<()> {
    if !shown || records.is_empty() {
        return Ok(());
    }
    if titled {
        writeln!(out, "\n;; {title} SECTION:")?;
    }
    for record in records {
        let (name, ttl, class) = (&record.name, record.ttl, record.dns_class);
        writeln!(out, "{name}\t{ttl}\t{class}\t{}\t{}", record.record_type(), record.data)?;
    }
    Ok(())
}
