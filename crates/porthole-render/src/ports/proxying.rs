//! What docker-proxy is there for, and whether the host could do without.

use porthole_model::{ProxyDuty, ProxyDutyKind, ProxyReview, WithoutProxy};

use crate::doc::{Column, Doc, Line, Style, Table};

pub(super) fn of(review: &ProxyReview) -> Doc {
    let mut doc = Doc::new();
    if !review.is_used {
        doc.heading("docker-proxy").paragraph(
            "The engine does without it: rules lead every connection to its container, from the host and from \
             containers, too.",
        );
        return doc;
    }
    doc.heading(format!("docker-proxy: {}", processes(review.processes)));
    doc.paragraph(
        "It takes only what no rule leads to the container. Connections from other machines get the container's \
         address by a DNAT rule before the host looks for a program that listens: they do not show up on it.",
    );
    let mut table = Table::new(vec![
        Column::new("CONNECTIONS").wrap(16),
        Column::new("BY DOCKER-PROXY NOW").wrap(20),
        Column::new("WITHOUT IT").wrap(24),
    ]);
    for duty in &review.duties {
        table.row(vec![kind(duty.kind).into(), now(duty), without(duty)]);
    }
    doc.table(table);
    doc.paragraph(conclusion(review));
    doc
}

fn processes(count: usize) -> String {
    if count == 1 { "1 process".to_owned() } else { format!("{count} processes") }
}

fn kind(kind: ProxyDutyKind) -> &'static str {
    match kind {
        ProxyDutyKind::Outside => "from other machines, and from the host by its address",
        ProxyDutyKind::Loopback => "from the host by 127.0.0.1",
        ProxyDutyKind::Loopback6 => "from the host by ::1",
        ProxyDutyKind::Hairpin => "from a container to its own network's port",
        ProxyDutyKind::OtherNetworks => "from containers on other networks",
        ProxyDutyKind::Ipv6ToIpv4 => "over IPv6 to containers without IPv6",
    }
}

fn now(duty: &ProxyDuty) -> Line {
    match duty.ports.as_slice() {
        [] => Line::of(Style::Faint, "none"),
        [first] => first.as_str().into(),
        [first, others @ ..] => format!("{first} and {} more", others.len()).into(),
    }
}

fn without(duty: &ProxyDuty) -> Line {
    let line = match duty.without {
        WithoutProxy::Same => Line::of(Style::Good, "the same: "),
        WithoutProxy::Kernel => Line::of(Style::Good, "by rules: "),
        WithoutProxy::Lost => Line::of(Style::Warning, "LOST: "),
        WithoutProxy::Unknown => Line::of(Style::Warning, "unclear: "),
    };
    line.plain(&duty.because)
}

fn conclusion(review: &ProxyReview) -> Line {
    let of = |without| review.duties.iter().filter(move |duty| duty.without == without).count();
    let setting = "\"userland-proxy\": false";
    let (lost, unclear) = (of(WithoutProxy::Lost), of(WithoutProxy::Unknown));
    match (lost, unclear) {
        (0, 0) => Line::of(Style::Good, "This host could do without it").plain(&format!(
            ": {setting} in the engine's settings, a restart of the engine, and every container started anew."
        )),
        (0, _) => Line::of(Style::Warning, "It is not clear whether this host could do without it")
            .plain(&format!(" ({setting}): see above.")),
        _ => Line::of(Style::Warning, "With ")
            .with(Style::Code, setting)
            .with(Style::Warning, &format!(" this host would lose {lost} of these kinds of connections.")),
    }
}
