//! httpd: a directory over HTTP.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use clap::Parser;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::http::{self, Answer, Head};
use super::tool::{self, Failure, Outcome, say};

const PLAIN: &str = "text/plain; charset=utf-8";
/// What is read of a file at a time.
const PIECE: usize = 64 * 1024;

/// Serve a directory over HTTP; what lies outside of it is not served
#[derive(Debug, Parser)]
#[command(
    name = "httpd",
    after_help = "\
Examples:
  httpd                    this directory on port 8080
  httpd -p 80 /var/log
  testbox --page 8080      a page that says where this is, instead"
)]
struct Arguments {
    /// The port
    #[arg(short, long, default_value_t = 8080)]
    port: u16,
    /// Say nothing of requests
    #[arg(short, long)]
    quiet: bool,
    /// The directory
    #[arg(default_value = ".")]
    directory: PathBuf,
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Arguments| tool::block_on(serve(arguments)))
}

async fn serve(arguments: Arguments) -> Outcome {
    let directory = arguments.directory.display();
    let root = fs::canonicalize(&arguments.directory);
    let root = Arc::new(root.map_err(|error| Failure::new(1, format!("{directory}: {error}")))?);
    let listener = http::listen(arguments.port).await;
    let listener = listener
        .map_err(|error| Failure::new(1, format!("cannot listen on port {}: {error}", arguments.port)))?;
    say(&format!("serving {} on port {}", root.display(), arguments.port));
    let quiet = arguments.quiet;
    let served = http::serve(listener, move |head, ends| {
        let root = Arc::clone(&root);
        async move {
            let answer = answer(&root, &head);
            if !quiet {
                say(&format!("{} {} {} {}", ends.peer, head.method(), head.uri(), answer.status().as_u16()));
            }
            answer
        }
    });
    tokio::select! {
        done = served => done?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(0)
}

fn answer(root: &Path, head: &Head) -> Answer {
    if !matches!(*head.method(), Method::GET | Method::HEAD) {
        return http::whole(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD are served\n");
    }
    match content(root, head.uri().path()) {
        Ok(answer) => answer,
        Err(error) => {
            let status = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StatusCode::NOT_FOUND,
                io::ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            http::whole(status, PLAIN, format!("{error}\n"))
        }
    }
}

fn content(root: &Path, asked: &str) -> io::Result<Answer> {
    let path = fs::canonicalize(root.join(relative(asked)?))?;
    // A symbolic link may lead out.
    if !path.starts_with(root) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if !path.is_dir() {
        return file(&path);
    }
    if path.join("index.html").is_file() {
        return file(&path.join("index.html"));
    }
    listing(&path, asked)
}

/// The path below the root: percent-decoded, and with nothing that leads upwards.
fn relative(asked: &str) -> io::Result<PathBuf> {
    let decoded = PathBuf::from(decoded(asked));
    let relative: PathBuf =
        decoded.components().filter(|part| !matches!(part, Component::RootDir | Component::CurDir)).collect();
    if relative.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(relative)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let digits =
            others.get(..2).filter(|_| first == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &others[2..];
        } else {
            bytes.push(first);
            rest = others;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn listing(directory: &Path, asked: &str) -> io::Result<Answer> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    let base = asked.trim_end_matches('/');
    let links = names.iter().map(|name| {
        let address: String = name.bytes().map(encoded).collect();
        format!("<li><a href=\"{base}/{address}\">{}</a></li>\n", http::escaped(name))
    });
    let title = http::escaped(asked);
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n<ul>\n{}</ul></body></html>\n",
        links.collect::<String>()
    );
    Ok(http::whole(StatusCode::OK, "text/html; charset=utf-8", page))
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

fn file(path: &Path) -> io::Result<Answer> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut answer = Response::new(FileBody { file }.boxed());
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    Ok(answer)
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("txt" | "log" | "md" | "conf") => PLAIN,
        _ => "application/octet-stream",
    }
}

/// A file, read as it is sent.
struct FileBody {
    file: File,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut piece = vec![0; PIECE];
        Poll::Ready(match self.file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Ok(Frame::data(piece.into())))
            }
            Err(error) => Some(Err(error)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_the_root() {
        assert_eq!(relative("/a/b%20c").unwrap(), Path::new("a/b c"));
        for path in ["/../etc/passwd", "/%2e%2e/etc/passwd", "/a/../../x"] {
            assert!(relative(path).is_err(), "{path}");
        }
    }
}
