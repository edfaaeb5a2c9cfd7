//! The names of files.

use super::{SOURCES, sources};
use std::collections::BTreeMap;

/// Within a crate no two files have one name, so that a name alone says which file is meant. A folder's own file is called mod.rs.
#[test]
fn no_two_files_have_one_name() {
    for folder in SOURCES {
        let files = sources(folder);
        let mut places: BTreeMap<&str, &str> = BTreeMap::new();
        for (path, _) in &files {
            let name = path.rsplit('/').next().unwrap();
            let other = places.insert(name, path).filter(|_| name != "mod.rs");
            assert_eq!(other, None, "{folder}/{path} has the same name");
        }
    }
}
