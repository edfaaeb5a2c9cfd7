//! Paths, owners and times in archives.

use s6_instance_maker_core::archive::{ARCHIVE_TIME_MAX, ArchiveId, ArchiveOwners, ArchivePath, ArchiveTime};
use s6_instance_maker_core::tree::Ids;
use s6_instance_maker_workspace::manifest::template;

#[test]
fn a_path_is_relative_and_has_no_empty_names() {
    for (typed, path) in [
        ("dir", Some("dir")),
        ("/dir", Some("dir")),
        ("//srv///dir//", Some("srv/dir")),
        ("./srv/./dir/.", Some("srv/dir")),
        ("...", Some("...")),
        ("..dir", Some("..dir")),
        (".", Some(".")),
        ("/.", Some(".")),
        ("././", Some(".")),
        ("", None),
        ("/", None),
        ("//", None),
        ("..", None),
        ("/..", None),
        ("srv/../dir", None),
        ("dir/..", None),
        ("./..", None),
    ] {
        assert_eq!(
            ArchivePath::parse(typed.as_bytes()).ok().map(|path| path.as_bytes().to_vec()),
            path.map(Vec::from),
            "{typed}"
        );
    }
    assert_eq!(ArchivePath::parse(b"./"), Ok(ArchivePath::here()));
    let odd = b"caf\xe9\n/x";
    assert_eq!(ArchivePath::parse(odd).unwrap().as_bytes(), odd);
    assert!(ArchivePath::parse(&[b'n'; 255]).is_ok() && ArchivePath::parse(&[b'n'; 256]).is_err());
}

#[test]
fn an_id_may_have_a_name() {
    let owners = |user: &[u8]| ArchiveId::parse(user).map(|user| ArchiveOwners { user: Some(user), group: None });
    for (typed, name, uid) in [
        (&b"0"[..], "", 0),
        (b"007", "", 7),
        (b"4294967294", "", 4_294_967_294),
        (b"www-data:33", "www-data", 33),
        (b"5:6", "5", 6),
        (b"31-bytes-1234567890123456789012:1", "31-bytes-1234567890123456789012", 1),
    ] {
        let owners = owners(typed).unwrap();
        assert_eq!(owners.user_name(), name.as_bytes());
        assert_eq!(owners.of(Ids { uid: 1000, gid: 100 }), Ids { uid, gid: 100 });
        assert_eq!(owners.group_name(), b"");
    }
    for typed in [
        &b""[..],
        b":",
        b"x",
        b"x:",
        b":1",
        b"x:y",
        b"x:1:2",
        b"4294967295",
        b"4294967296",
        b"99999999999999999999",
        b"+1",
        b" 1",
        b"a b:1",
        b"a\n:1",
        b"a\x7f:1",
        b"a/b:1",
        b"32-bytes-12345678901234567890123:1",
    ] {
        assert!(owners(typed).is_err(), "{}", String::from_utf8_lossy(typed));
    }
}

#[test]
fn a_time_is_a_number_of_seconds() {
    for (typed, seconds) in [("0", Some(0)), ("1700000000", Some(1_700_000_000)), ("253402300799", Some(ARCHIVE_TIME_MAX))] {
        assert_eq!(ArchiveTime::parse(typed.as_bytes()).ok().map(ArchiveTime::seconds), seconds);
    }
    for typed in ["", "-1", "1.5", " 1", "1 ", "253402300800", "99999999999999999999", "now"] {
        assert!(ArchiveTime::parse(typed.as_bytes()).is_err(), "{typed}");
    }
    assert_eq!(ArchiveTime::default().seconds(), 0);
}

/// A template is judged with the owners that its entries have in the archive.
#[test]
fn a_template_can_be_seen_with_other_owners() {
    let group = Some(ArchiveId::parse(b"7").unwrap());
    let seen = template("0755 file run (1000:1000)\n4755 file tool (33:0)");
    let expected = "0755 dir . (0:7)\n0755 file run (1000:7)\n4755 file tool (33:7)";
    assert_eq!(seen.clone().owned_as_in(&ArchiveOwners { user: None, group }), template(expected));
    assert_eq!(seen.clone().owned_as_in(&ArchiveOwners::default()), seen);
}
