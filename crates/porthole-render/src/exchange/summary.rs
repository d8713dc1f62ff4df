//! What many exchanges come to: totals, operations, clients, the slowest and the failed.

use std::time::Duration;

use porthole_model::{CallCount, ContainerNames, Exchange, OperationStatistics, TrafficSummary};

use super::words;
use crate::doc::{Column, Doc, Line, Style, Table};
use crate::{moment, units};

/// What many exchanges come to.
pub fn summary(summary: &TrafficSummary, names: &ContainerNames) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(total(summary));
    if summary.total.calls == 0 {
        return doc;
    }
    doc.blank().table(operations(&summary.operations));
    if summary.clients.len() > 1 {
        doc.blank().table(clients(summary, names));
    }
    listed(&mut doc, "Slowest:", &summary.slowest, names);
    listed(&mut doc, "Failed:", &summary.failures, names);
    doc
}

fn total(summary: &TrafficSummary) -> Line {
    let CallCount { calls, failed, request_bytes, answer_bytes } = summary.total;
    let calls_word = if calls == 1 { "call" } else { "calls" };
    let line = Line::of(Style::Strong, &format!("{calls} {calls_word}")).plain(&within(summary)).plain(", ");
    let line = line.with(if failed == 0 { Style::Good } else { Style::Error }, &format!("{failed} failed"));
    line.plain(&format!(", {} sent, {} received", units::size(request_bytes), units::size(answer_bytes)))
}

fn within(summary: &TrafficSummary) -> String {
    let span = summary.first.zip(summary.last).map(|(first, last)| last.0.abs_diff(first.0));
    match span {
        Some(millis) if millis > 0 => format!(" within {}", units::time(Duration::from_millis(millis))),
        _ => String::new(),
    }
}

fn operations(operations: &[OperationStatistics]) -> Table {
    let columns = ["CALLS", "FAILED", "P50", "P95", "P99", "MAX", "SENT", "RECEIVED"];
    let drop_order = [None, None, None, Some(4), Some(3), Some(5), Some(1), Some(2)];
    let numbers = columns.into_iter().zip(drop_order).map(|(title, order)| {
        let column = Column::new(title).right();
        order.map_or(column.clone(), |order| column.may_drop(order))
    });
    let mut table = Table::new(std::iter::once(Column::new("OPERATION").elide(16)).chain(numbers).collect());
    for of in operations {
        table.row(operation(of));
    }
    table
}

fn operation(of: &OperationStatistics) -> Vec<Line> {
    let name = match &of.operation {
        Some(name) => Line::of(Style::Strong, name),
        None => Line::of(Style::Faint, "(no known operation)"),
    };
    let times = [of.times.p50, of.times.p95, of.times.p99, of.times.longest];
    let mut row = vec![name, of.count.calls.to_string().into(), failed(of.count)];
    row.extend(times.map(|time| Line::from(units::time(time))));
    row.extend(sizes(of.count));
    row
}

fn clients(summary: &TrafficSummary, names: &ContainerNames) -> Table {
    let mut table = Table::new(vec![
        Column::new("CLIENT").elide(16),
        Column::new("CALLS").right(),
        Column::new("FAILED").right(),
        Column::new("SENT").right().may_drop(1),
        Column::new("RECEIVED").right().may_drop(2),
    ]);
    for of in &summary.clients {
        let mut row =
            vec![words::caller(&of.caller, names), of.count.calls.to_string().into(), failed(of.count)];
        row.extend(sizes(of.count));
        table.row(row);
    }
    table
}

fn failed(count: CallCount) -> Line {
    let style = if count.failed == 0 { Style::Faint } else { Style::Error };
    Line::of(style, &count.failed.to_string())
}

fn sizes(count: CallCount) -> [Line; 2] {
    [count.request_bytes, count.answer_bytes].map(|bytes| units::size(bytes).into())
}

fn listed(doc: &mut Doc, title: &str, exchanges: &[Exchange], names: &ContainerNames) {
    if exchanges.is_empty() {
        return;
    }
    let mut table = Table::new(vec![
        Column::new("#").right(),
        Column::new("TIME (UTC)").may_drop(2),
        Column::new("CLIENT").elide(12).may_drop(1),
        Column::new("STATUS").right(),
        Column::new("TOOK").right(),
        Column::new("CALL").wrap(16),
    ]);
    for exchange in exchanges {
        table.row(vec![
            exchange.id.to_string().into(),
            Line::of(Style::Faint, &moment::time_of_day(exchange.started)),
            words::client(&exchange.client, names),
            words::status(exchange),
            units::time(exchange.answer_time()).into(),
            words::story(exchange, names),
        ]);
    }
    doc.blank().heading(title).table(table);
}
