//! Documents of differences that no program writes: nothing reads them here, so the schema alone refuses them.

use super::validator;
use crate::wire::differences::sample;
use s6_instance_maker_core::wire::DifferenceDocument;

/// In the document of all differences and notes, this for the first that.
const NONE: &[[&str; 2]] = &[
    ["s6-instance-maker differences", "s6-instance-maker plan"],
    ["\"version\":1", "\"version\":2"],
    ["\"version\":1,", ""],
    ["\"version\":1", "\"version\":1,\"more\":0"],
    ["\"notes\":[", "\"notes\":{},\"remarks\":["],
    ["\"action\":\"replace\"", "\"action\":\"change\""],
    ["\"action\":\"replace\"", "\"action\":\"remove\""],
    ["\"action\":\"keep\"", "\"action\":\"create\""],
    ["\"action\":\"keep\"", "\"action\":\"replace\""],
    ["\"action\":\"keep\"", "\"action\":\"keep\",\"cause\":\"umask\""],
    ["\"cause\":\"umask\"", "\"cause\":\"other\""],
    ["\"path\":\"device\"", "\"path\":\"/device\""],
    ["\"path\":\"device\"", "\"path\":\"../device\""],
    ["\"path\":\"device\"", "\"path\":\"a//device\""],
    ["\"path\":\"device\"", "\"path\":\"device/.\""],
    ["\"path\":\"device\"", "\"path\":\"a\\u0000\""],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":{\"hex\":\"FF\"}"],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":{\"hex\":\"ff0\"}"],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":{\"hex\":\"ff2f\"}"],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":{\"hex\":\"ff2f2fff\"}"],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":{\"hex\":\"ff00\"}"],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":{\"hex\":\"ff\",\"base64\":\"\"}"],
    ["\"path\":{\"hex\":\"ff\"}", "\"path\":[255]"],
    ["\"kind\":\"dir\"", "\"kind\":\"directory\""],
    ["\"kind\":\"dir\"", "\"kind\":\"dir\",\"size\":0"],
    ["\"kind\":\"dir\"", "\"kind\":\"dir\",\"target\":\"run\""],
    ["\"planned\":{\"kind\":\"dir\"", "\"planned\":{\"kind\":\"socket\""],
    ["\"planned\":{\"kind\":\"dir\"", "\"planned\":{\"kind\":\"file\""],
    ["\"mode\":\"0755\"", "\"mode\":\"755\""],
    ["\"mode\":\"0755\"", "\"mode\":\"0788\""],
    ["\"mode\":\"0755\"", "\"mode\":493"],
    ["\"owner\":[0,33]", "\"owner\":[0]"],
    ["\"owner\":[0,33]", "\"owner\":[0,33,33]"],
    ["\"owner\":[0,33]", "\"owner\":[0,4294967296]"],
    ["\"owner\":[0,33]", "\"owner\":[-1,33]"],
    ["\"owner\":[0,33]", "\"owner\":null"],
    ["\"size\":9", "\"size\":-9"],
    ["\"size\":9", "\"size\":\"9\""],
    ["\"size\":9", "\"size\":9,\"text\":\"secret\""],
    ["\"sha256\":\"0a", "\"sha256\":\"0A"],
    ["\"sha256\":\"0a", "\"sha256\":\""],
    ["\"target\":\"run\"", "\"target\":\"\""],
    ["\"id\":\"instance-older\"", "\"id\":\"instance-new\""],
    ["\"id\":\"instance-older\"", "\"id\":\"instance-edited\""],
    ["\"id\":\"instance-edited\"", "\"id\":\"instance-older\""],
    ["\"instance\":\"a\"", "\"instance\":\"a/b\""],
    ["\"instance\":\"a\"", "\"instance\":\".a\""],
    ["\"instance\":\"a\"", "\"instance\":\"s6-svscan-log\""],
    ["\"instance\":\"a\"", "\"instance\":\"\""],
    ["\"count\":5", "\"count\":0"],
    ["\"count\":5", "\"count\":\"5\""],
];

#[test]
fn wrong_differences_are_invalid() {
    let validator = validator("differences");
    let document = String::from_utf8(DifferenceDocument::encode(&sample())).unwrap();
    for [from, to] in NONE {
        assert!(document.contains(from), "no {from} in the document");
        let changed = serde_json::from_str(&document.replacen(from, to, 1)).unwrap();
        assert!(!validator.is_valid(&changed), "a document with {to} for {from} is valid");
    }
}
