//! What can be typed after `curl` and `wget`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::net::tool;

/// Fetch a URL over HTTP or HTTPS
#[derive(Debug, Default, Parser)]
#[command(
    name = "curl",
    after_help = "\
Examples:
  curl -v http://db:8080/
  curl -sSf -o /dev/null -w '%{http_code}\\n' https://example.com/
  curl --resolve example.com:443:10.0.0.7 https://example.com/
  curl --unix-socket /var/run/docker.sock http://docker/_ping
  curl -d name=value -H 'X-Trace: 1' http://db/

Exit codes, as curl's: 6 no such name, 7 no connection, 22 an HTTP error with -f, 28 out of time,
35 no TLS, 52 no answer, 56 broken off, 60 a certificate that is not believed"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of curl")]
#[expect(clippy::doc_markdown, reason = "the text is the help of the command line")]
pub(super) struct Arguments {
    /// The method
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// A header; 'Name:' alone takes one away
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(super) headers: Vec<String>,
    /// Send this as a form would; @FILE is a file's content
    #[arg(short = 'd', long = "data", alias = "data-ascii", value_name = "DATA", allow_hyphen_values = true)]
    pub(super) data: Vec<String>,
    /// Send exactly this; @FILE is a file's content
    #[arg(long, value_name = "DATA", allow_hyphen_values = true)]
    pub(super) data_binary: Option<String>,
    /// Send exactly this, whatever it begins with
    #[arg(long, value_name = "DATA", allow_hyphen_values = true)]
    pub(super) data_raw: Option<String>,
    /// Name and password
    #[arg(short = 'u', long, value_name = "USER:PASSWORD")]
    pub(super) user: Option<String>,
    /// What the client is called
    #[arg(short = 'A', long, value_name = "NAME")]
    pub(super) user_agent: Option<String>,
    /// Show the head of the answer, too
    #[arg(short = 'i', long)]
    pub(super) include: bool,
    /// Ask for the head alone
    #[arg(short = 'I', long)]
    pub(super) head: bool,
    /// Say aside what goes over the wire
    #[arg(short = 'v', long)]
    pub(super) verbose: bool,
    /// Write the body to a file; - is standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write the body to a file with the URL's own name
    #[arg(short = 'O', long, conflicts_with = "output")]
    pub(super) remote_name: bool,
    /// Follow redirects
    #[arg(short = 'L', long)]
    pub(super) location: bool,
    /// How many redirects at most
    #[arg(long = "max-redirs", value_name = "COUNT", default_value_t = 50)]
    pub(super) max_redirects: u16,
    /// Believe any certificate
    #[arg(short = 'k', long)]
    pub(super) insecure: bool,
    /// A file of root certificates instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Say nothing of failures
    #[arg(short = 's', long)]
    pub(super) silent: bool,
    /// Say them all the same
    #[arg(short = 'S', long)]
    pub(super) show_error: bool,
    /// Fail where the server answers with an error
    #[arg(short = 'f', long)]
    pub(super) fail: bool,
    /// IPv4 alone
    #[arg(short = '4', long)]
    pub(super) ipv4: bool,
    /// IPv6 alone
    #[arg(short = '6', long, conflicts_with = "ipv4")]
    pub(super) ipv6: bool,
    /// The address of a name and port, without a look-up
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    pub(super) resolve: Vec<String>,
    /// Connect to a unix socket instead
    #[arg(long, value_name = "PATH")]
    pub(super) unix_socket: Option<PathBuf>,
    /// Seconds that a connection may take
    #[arg(long, value_name = "SECONDS", value_parser = tool::seconds)]
    pub(super) connect_timeout: Option<Duration>,
    /// Seconds that everything may take
    #[arg(short = 'm', long, value_name = "SECONDS", value_parser = tool::seconds)]
    pub(super) max_time: Option<Duration>,
    /// Show this at the end: %{http_code} %{remote_ip} %{size_download} %{time_total} %{url_effective}
    #[arg(short = 'w', long, value_name = "FORMAT")]
    pub(super) write_out: Option<String>,
    /// The URLs
    #[arg(required = true, value_name = "URL")]
    pub(super) urls: Vec<String>,
}

/// Fetch a file over HTTP or HTTPS
#[derive(Debug, Parser)]
#[command(name = "wget", after_help = "Examples:\n  wget -qO- http://db:8080/\n  wget http://db/backup.tar")]
pub(super) struct WgetArguments {
    /// Say nothing of failures
    #[arg(short = 'q', long)]
    quiet: bool,
    /// The file to write; - is standard output
    #[arg(short = 'O', long, value_name = "FILE")]
    output_document: Option<PathBuf>,
    /// Seconds that everything may take
    #[arg(short = 'T', long, value_name = "SECONDS", value_parser = tool::seconds)]
    timeout: Option<Duration>,
    /// Believe any certificate
    #[arg(long)]
    no_check_certificate: bool,
    /// The URLs
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
}

impl WgetArguments {
    /// The same as words of curl.
    pub(super) fn as_curl(&self) -> Arguments {
        Arguments {
            location: true,
            fail: true,
            max_redirects: 20,
            silent: self.quiet,
            remote_name: self.output_document.is_none(),
            output: self.output_document.clone(),
            max_time: self.timeout,
            insecure: self.no_check_certificate,
            urls: self.urls.clone(),
            ..Arguments::default()
        }
    }
}
