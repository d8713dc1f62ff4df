//! The coreutils of uutils: one crate for each.

use std::ffi::OsString;

use crate::applet::{Applet, Group};
use crate::own_id;

macro_rules! coreutils {
    ($($name:ident = $utility:ident, $summary:literal;)*) => {
        /// A row for each utility, and one for `[`.
        pub(crate) const APPLETS: &[Applet] = &[
            $(Applet {
                name: stringify!($name),
                group: Group::Files,
                summary: $summary,
                run: |words| run(stringify!($name), words, |words| $utility::uumain(words.into_iter())),
            },)*
            Applet {
                name: "[",
                group: Group::Files,
                summary: "test, closed by ]",
                run: |words| run("test", words, |words| uu_test::uumain(words.into_iter())),
            },
        ];
    };
}

coreutils! {
    arch = uu_arch, "the machine's architecture";
    b2sum = uu_b2sum, "BLAKE2 checksums";
    base32 = uu_base32, "encode and decode base32";
    base64 = uu_base64, "encode and decode base64";
    basename = uu_basename, "a path's last part";
    basenc = uu_basenc, "encode and decode in other bases";
    cat = uu_cat, "files one after the other";
    chgrp = uu_chgrp, "change the group of files";
    chmod = uu_chmod, "change the mode of files";
    chown = uu_chown, "change the owner of files";
    chroot = uu_chroot, "run a command with another root directory";
    cksum = uu_cksum, "checksums of files";
    comm = uu_comm, "lines that two sorted files share";
    cp = uu_cp, "copy files";
    csplit = uu_csplit, "split a file at lines that match";
    cut = uu_cut, "columns of each line";
    date = uu_date, "the time, read and written in many forms";
    dd = uu_dd, "copy blocks";
    df = uu_df, "free space of file systems";
    dir = uu_dir, "list a directory";
    dircolors = uu_dircolors, "colours for ls";
    dirname = uu_dirname, "a path without its last part";
    du = uu_du, "space that files take";
    echo = uu_echo, "its arguments";
    env = uu_env, "run a command in another environment";
    expand = uu_expand, "tabs to spaces";
    expr = uu_expr, "calculate and compare";
    factor = uu_factor, "prime factors";
    false = uu_false, "fail";
    fmt = uu_fmt, "fill paragraphs";
    fold = uu_fold, "break long lines";
    groups = uu_groups, "the groups of a user";
    head = uu_head, "the first lines";
    hostid = uu_hostid, "the host's number";
    hostname = uu_hostname, "the host's name";
    id = own_id, "who am I, and in which groups";
    install = uu_install, "copy files with mode and owner";
    join = uu_join, "join lines by a field";
    kill = uu_kill, "send signals";
    link = uu_link, "make a hard link";
    ln = uu_ln, "make links";
    logname = uu_logname, "the name of the login";
    ls = uu_ls, "list files";
    md5sum = uu_md5sum, "MD5 checksums";
    mkdir = uu_mkdir, "make directories";
    mkfifo = uu_mkfifo, "make named pipes";
    mknod = uu_mknod, "make device files";
    mktemp = uu_mktemp, "make a temporary file";
    more = uu_more, "page through text";
    mv = uu_mv, "move files";
    nice = uu_nice, "run a command with another priority";
    nl = uu_nl, "number lines";
    nohup = uu_nohup, "run a command that outlives the terminal";
    nproc = uu_nproc, "how many processors";
    numfmt = uu_numfmt, "numbers for people";
    od = uu_od, "bytes in octal, hex and more";
    paste = uu_paste, "lines side by side";
    pathchk = uu_pathchk, "is a path portable";
    pinky = uu_pinky, "who is logged in, briefly";
    pr = uu_pr, "pages for printing";
    printenv = uu_printenv, "the environment";
    printf = uu_printf, "formatted text";
    ptx = uu_ptx, "an index of words in context";
    pwd = uu_pwd, "the working directory";
    readlink = uu_readlink, "where a symbolic link points";
    realpath = uu_realpath, "a path without links";
    rm = uu_rm, "remove files";
    rmdir = uu_rmdir, "remove empty directories";
    seq = uu_seq, "numbers in a row";
    sha1sum = uu_sha1sum, "SHA-1 checksums";
    sha224sum = uu_sha224sum, "SHA-224 checksums";
    sha256sum = uu_sha256sum, "SHA-256 checksums";
    sha384sum = uu_sha384sum, "SHA-384 checksums";
    sha512sum = uu_sha512sum, "SHA-512 checksums";
    shred = uu_shred, "overwrite files";
    shuf = uu_shuf, "lines in random order";
    sleep = uu_sleep, "wait";
    sort = uu_sort, "sort lines";
    split = uu_split, "split a file";
    stat = uu_stat, "all that is known of a file";
    stty = uu_stty, "settings of the terminal";
    sum = uu_sum, "old checksums";
    sync = uu_sync, "write caches to disk";
    tac = uu_tac, "lines from last to first";
    tail = uu_tail, "the last lines, and those that come";
    tee = uu_tee, "copy to files and on";
    test = uu_test, "compare, and look at files";
    timeout = uu_timeout, "run a command for so long";
    touch = uu_touch, "set the times of files";
    tr = uu_tr, "replace characters";
    true = uu_true, "succeed";
    truncate = uu_truncate, "set the size of files";
    tsort = uu_tsort, "sort by what needs what";
    tty = uu_tty, "the name of the terminal";
    uname = uu_uname, "the kernel and the machine";
    unexpand = uu_unexpand, "spaces to tabs";
    uniq = uu_uniq, "leave out lines that repeat";
    unlink = uu_unlink, "remove one file";
    uptime = uu_uptime, "how long the machine runs, and its load";
    users = uu_users, "who is logged in, in one line";
    vdir = uu_vdir, "list a directory at length";
    wc = uu_wc, "count lines, words and bytes";
    who = uu_who, "who is logged in";
    whoami = uu_whoami, "the user's name";
    yes = uu_yes, "a line for ever";
}

/// Messages of a utility come from files of its own name; those of `dir` and `vdir` from `ls`.
fn run(name: &str, words: Vec<OsString>, utility: fn(Vec<OsString>) -> i32) -> i32 {
    let messages = if matches!(name, "dir" | "vdir") { "ls" } else { name };
    with_messages(messages, || utility(words))
}

/// Runs a utility of uutils with the messages of that name.
pub(crate) fn with_messages(name: &str, utility: impl FnOnce() -> i32) -> i32 {
    uucore::panic::mute_sigpipe_panic();
    // A utility without its messages prints their keys, and still does its work.
    let _untold = uucore::locale::setup_localization(name);
    utility()
}
